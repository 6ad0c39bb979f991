"""Protocols that telephone systems speak, each a thin layer over `hotline.streams.Switchboard`."""
