/** Bars drawn by Chart.js; the figures stand in a table beside, so that nobody depends on the picture. */

import { BarController, BarElement, CategoryScale, Chart as Bars, Legend, LinearScale, Tooltip } from "chart.js";
import { useEffect, useRef } from "preact/hooks";

Bars.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip);
Bars.defaults.font.family = getComputedStyle(document.documentElement).fontFamily;
Bars.defaults.animation = false;
Bars.defaults.color = "#37424f";

export interface Series {
  name: string;
  colour: string;
  values: number[];
}

interface Props {
  title: string;
  labels: string[];
  series: Series[];
  stacked?: boolean;
  /** Bars lie, for long names. */
  lying?: boolean;
  testid: string;
}

export function Chart({ title, labels, series, stacked = false, lying = false, testid }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const single = series.length === 1;
    const chart = new Bars(canvas.current!, {
      type: "bar",
      data: {
        labels,
        datasets: series.map(({ name, colour, values }) => ({ label: name, data: values, backgroundColor: colour, maxBarThickness: 34 })),
      },
      options: {
        indexAxis: lying ? "y" : "x",
        maintainAspectRatio: false,
        plugins: { legend: { display: !single, position: "top", align: "end", labels: { boxWidth: 12 } } },
        scales: { x: { stacked, grid: { display: lying }, ticks: { precision: 0 } }, y: { stacked, beginAtZero: true, grid: { display: !lying }, ticks: { precision: 0 } } },
      },
    });
    return () => chart.destroy();
  }, [title, labels.join(), JSON.stringify(series)]);
  return (
    <section class="panel chart" aria-label={title}>
      <h2>{title}</h2>
      <div class="canvas">
        <canvas ref={canvas} role="img" aria-label={title} data-testid={testid} />
      </div>
    </section>
  );
}
