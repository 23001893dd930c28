"""Everything of `./run`: Postgres and Valkey from wheels, and one supervisor over all the parts.

bootstrap, install   make .venv (scripts for a bare Python)
__main__, options    the command line
data_dir             the folder that all data lives in: marker, lock, secrets, remembered choices
addresses            ports and sockets
postgres, valkey     the two servers
environment, parts   what each part is told, and how it is started
child, probes        one process; whether something answers
supervisor           start, watch, restart, stop
session              one ./run from first line to last
console              what is printed
"""
