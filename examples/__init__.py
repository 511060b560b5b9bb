"""The demo's material: sample feeds of real training, and the loopback server that serves them."""
