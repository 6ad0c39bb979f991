"""Job queues behind `hotline.job_ports.JobQueue`."""
