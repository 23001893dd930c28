"""The files of what people send: what they are, made harmless, and where they lie.

kinds       what a file is, by its first bytes
sendable    what X takes with what we write, and how large
pictures    pictures drawn anew, without what was hidden in them
storages    where they lie on this machine
bucket      where they lie in one that speaks S3
checking    rows and files beside each other, after a restore
files       writing and deleting them, row first
ranges      a part of a file, as players ask for it
"""
