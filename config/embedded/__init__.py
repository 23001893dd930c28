"""Everything of `./run`: Postgres and Valkey from wheels, and one supervisor over all the parts.

bootstrap, install   make .venv (scripts for a bare Python)
__main__, options    the command line
data_dir             the folder that all data lives in: marker, lock, secrets, what is remembered
layout, addresses    where everything is: ports, sockets, addresses
environment          what each part is told
postgres, identity   the database server, and who runs it
valkey               the queue's server
parts                how each part is started, asked whether it is ready, and stopped
child, probes        one process; whether something answers
supervisor           start, watch, restart, stop
session              one ./run from first line to last
owner, make_owner    who may sign in first
orphans              parts that outlived their ./run
console              what is printed
manage               what manage.py takes over from a running ./run
"""
