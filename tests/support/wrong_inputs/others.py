"""What is wrong with what the other commands are given: runs to read, receivers, services."""

from tests.support.wrong_inputs.wrong import Wrong

NO_RUN = "is not a run's folder", "name one, such as results/20261122-…"

OTHERS = (
    Wrong("analysis", "RUN is missing", "write python -m hookswarm.analysis RUN"),
    Wrong("analysis none", f"none {NO_RUN[0]}", NO_RUN[1]),
    Wrong("analysis a", f"a {NO_RUN[0]}: run.json: Not a directory", NO_RUN[1], {"a": ""}),
    Wrong("analysis a", "a/run.json is damaged", "name another run", {"a/run.json": "{"}),
    Wrong(
        "analysis a", "a/run.json is of version 99", "read it with the one that wrote it",
        {"a/run.json": '{"version": 99}'},
    ),
    Wrong("analysis a --otput b", "unknown option", "write --output, or see python -m hookswarm.analysis --help"),
    Wrong("analysis comapre a b", "command 'comapre' is unknown", "write compare"),
    Wrong("analysis compare", "BASE is missing", "write python -m hookswarm.analysis compare BASE NEW"),
    Wrong("analysis compare a", "compare takes two sets of runs", "name the one to compare with after the first"),
    Wrong("analysis compare a b", "a is not a run's folder", "name the folder of a run, or of runs", {"a": None}),
    Wrong("analysis compare a a", "a/run.json is damaged", "leave this run out", {"a/run.json": "{"}),
    Wrong("analysis compare a b --threshold x", "--threshold: 'x' is not a number", "write one, such as 2 or 0.5"),
    Wrong("analysis compare a b --threshold -1", "-1 is out of range", "write 0 to 1000, in per cent"),
    Wrong("analysis schemas a", "a: File exists", "name another place, and run it again", {"a": ""}),
    Wrong("records", "a command is missing", "write python -m hookswarm.records and then one of export, collect"),
    Wrong("records exprot a", "command 'exprot' is unknown", "write export"),
    Wrong("records export", "RUN is missing", "write python -m hookswarm.records export RUN"),
    Wrong("records export none", f"none {NO_RUN[0]}", NO_RUN[1]),
    Wrong("records export a --format xls", "--format 'xls' is unknown", "write one of parquet, csv"),
    Wrong("records collect none", f"none {NO_RUN[0]}", NO_RUN[1]),
    Wrong("receiver --prot 8000", "unknown option --prot", "write --port, or see receiver --help"),
    Wrong("receiver --port 0", "--port 0", "write a whole number from 1 to 65535"),
    Wrong("receiver --region 'a b'", "--region 'a b'", "letters, digits, dots, dashes and underscores, 64 at most"),
    Wrong("receiver --host 'a b'", "--host 'a b'", "write an address or a host's name"),
    Wrong("receiver --durability paper", "--durability 'paper' is unknown", "write one of memory, os, fsync"),
    Wrong("receiver --port 8101 --control-port 8101", "127.0.0.1:8101 is in use twice", "give each a port of its own"),
    Wrong("receiver --control-host 0.0.0.0", "is beyond loopback", "set $HOOKSWARM_TOKEN first"),
    Wrong("receiver --workers 2 --server gevent", "--server gevent runs one process", "leave --workers out"),
    Wrong("receiver --host 192.0.2.1", "cannot listen on 192.0.2.1:8101", "choose another address or port"),
    Wrong("receiver flete", "command 'flete' is unknown", "write fleet"),
    Wrong("receiver fleet none.toml", "cannot read none.toml", "check its name and permissions"),
    Wrong(
        "receiver fleet a.toml", "region a: a fleet needs", 'write control = "http://127.0.0.1:8201"',
        {"a.toml": '[[region]]\nname = "a"\nurl = "http://127.0.0.1:1/"'},
    ),
    Wrong("service", "a command is missing", "write python -m hookswarm.service and then one of check, clean"),
    Wrong("service check", "FILE|NAME is missing", "write python -m hookswarm.service check FILE|NAME"),
    Wrong("service check convoy --port 0", "--port 0 is out of range", "write 1 to 65535"),
    Wrong("service check none.toml", "cannot read none.toml", "check its name and permissions"),
    Wrong("service clean none", "none holds no service.json", "check the name"),
    Wrong("benchmarks.services convy", "NAME 'convy' is unknown", "write convoy"),
    Wrong("benchmarks.services convoy other", "has no configuration 'other'", "write one of default, raised"),
)  # fmt: skip
