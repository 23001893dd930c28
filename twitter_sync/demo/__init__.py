"""The demo: a day of three invented brands, played into the simulator and the desk."""
