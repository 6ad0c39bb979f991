"""Where a call's audio comes from. Each module implements `hotline.ports.AudioSource`."""
