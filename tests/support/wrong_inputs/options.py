"""Wrong options, one by one and together; checks; stages."""

from tests.support.wrong_inputs.wrong import Wrong

OPTIONS = (
    Wrong("hookswarm --rtae 5", "unknown option --rtae", "write --rate, or see hookswarm --help"),
    Wrong("hookswarm --nonsense", "unknown option --nonsense", "see hookswarm --help"),
    Wrong("hookswarm stray", "'stray' belongs to no option", "leave it out, or see hookswarm --help"),
    Wrong("hookswarm --re 5", "--re may be --replay, --regions", "write one in full"),
    Wrong("hookswarm --seed", "--seed needs a value", "write --seed N"),
    Wrong("hookswarm --test", "--test needs a value", "write --test NAME"),
    Wrong("hookswarm --links", "--links needs a value", "write one of modelled, real after it"),
    Wrong("hookswarm --quick=1", "--quick takes no value", "write --quick alone"),
    Wrong("hookswarm --seed 1.5", "--seed: '1.5' is not a whole number", "write digits only"),
    Wrong("hookswarm --connect-timeout soon", "'soon' is not a number", "write one, such as 2 or 0.5"),
    Wrong("hookswarm --transport http2", "--transport 'http2' is unknown", "write httpx"),
    Wrong("hookswarm --balancer nginx", "--balancer 'nginx' is unknown", "write haproxy"),
    Wrong("hookswarm --test laod", "there is no test 'laod'", "write load"),
    Wrong("hookswarm --seed -1 --test load", "--seed -1 is out of range", "write a whole number from 0 on"),
    Wrong("hookswarm --processes 9999 --test load", "--processes 9999 is out of range", "write 0 to 256"),
    Wrong(
        "hookswarm --expect-workers 0 --list --target http://127.0.0.1:1/ --test load",
        "--expect-workers 0 is out of range", "write 1 to 1000",
    ),
    Wrong(
        "hookswarm --expect-workers-max-wait 0 --test load",
        "--expect-workers-max-wait 0 is out of range", "write 1 to 86400 seconds",
    ),
    Wrong(
        "hookswarm --expect-workers 2 --processes 2 --list --target http://127.0.0.1:1/ --test load",
        "--expect-workers and --processes cannot be used together", "leave one out",
    ),
    Wrong(
        "hookswarm --expect-workers 2 --test load",
        "--expect-workers needs receivers that they reach", "add --regions, --target or --endpoints",
    ),
    Wrong(
        "hookswarm --balancer haproxy --list --target http://127.0.0.1:1/ --test distribution",
        "--balancer starts HAProxy before receivers of ours", "leave it out, and name yours in your table, [balancer]",
    ),
    Wrong("hookswarm --replay --no-replay --test load", "--replay and --no-replay cannot be used", "leave one out"),
    Wrong("hookswarm --rate 0 --test load", "--rate 0 is out of range", "write 0.01 to 1000000 a second"),
    Wrong("hookswarm --max-rate fast --test load", "--max-rate: 'fast' is not a number", "write 5 or 0.5"),
    Wrong("hookswarm --duration soon --test load", "--duration 'soon' is not a time", "write 90s, 30m or 1h30m"),
    Wrong(
        "hookswarm --response-timeout -1 --test load",
        "--response-timeout -1 is out of range", "write 0 to 3600 seconds",
    ),
    Wrong(
        "hookswarm --retry-profile svix --time-scale 0 --test load",
        "--time-scale 0 is out of range", "write more than 0, and at most 1000",
    ),
    Wrong("hookswarm --time-scale 2 --test load", "about a --retry-profile", "add that, or leave them out"),
    Wrong("hookswarm --retry-profile svx --test load", "there is no profile 'svx'", "write svix"),
    Wrong("hookswarm --strategy narest --test load", "there is no strategy 'narest'", "write nearest"),
    Wrong("hookswarm --memory-limit lots --test load", "'lots' is not a size", "(B, kB, MB, GB, KiB, MiB, GiB)"),
    Wrong("hookswarm --webhooks 5 --test load", "--webhooks bounds", "name the service, or leave it out"),
    Wrong(
        "hookswarm --service convoy --webhooks few --list --test load",
        "--webhooks 'few'", "write a whole number from 1 to 1000000",
    ),
    Wrong("hookswarm --keep-endpoints --test load", "--keep-endpoints is about", "name the service, or leave it out"),
    Wrong(
        "hookswarm --rotate-at 5s --test load",
        "there is no secret to change to", "set $HOOKSWARM_SECRET_NEXT, or name its file in …_NEXT_FILE",
    ),
    Wrong("hookswarm --watch 99999999 --test load", "there is no such process", "check its id with ps"),
    Wrong(
        "hookswarm --target= --test load",
        "--target is empty", "set the variable that it comes from, or leave it out",
    ),
    Wrong("hookswarm --header nocolon --test load", "there is one without a colon", "write 'Name: value'"),
    Wrong(
        "hookswarm --header 'A: ${UNSET_VARIABLE}' --test load",
        "${UNSET_VARIABLE} is not set", "set it, or leave the header out",
    ),
    Wrong(
        "hookswarm --accept nonsense --test load",
        "--accept: 'nonsense' is not a rule", "write 'status in 200,202', 'status in 200-299' or 'body ~ TEXT'",
    ),
    Wrong(
        "hookswarm --observe no-such-program --test load",
        "there is no command 'no-such-program'", "write a URL (http://…), or a program's path",
    ),
    Wrong("hookswarm --observe '\"open' --test load", "cannot be split into words", "close its quotes"),
    Wrong(
        "hookswarm --observe http://127.0.0.1:1/ --test load",
        "no answer (Connection refused)", "start it, or check the address",
    ),
)  # fmt: skip

CHECKS = (
    Wrong("hookswarm --check lost --test load", "no comparison in it", "write one, such as p99_ms<250"),
    Wrong("hookswarm --check 'p99_ms=>250' --test load", "'=>' at 6 compares", "write one of <= >= == != < >"),
    Wrong("hookswarm --check 'p99_ms<fast' --test load", "'fast' at 7 is not a number", "write one, such as 250"),
    Wrong("hookswarm --check '<5' --test load", "no number is named before", "write one, such as p99_ms<250"),
    Wrong("hookswarm --check 'foo p99_ms<5' --test load", "'foo' at 0 is not a", "write one, such as stage:load*"),
    Wrong("hookswarm --check 'stages:x p99_ms<1' --test load", "there is no scope 'stages'", "write stage"),
    Wrong("hookswarm --check 'p99<250' --test load", "there is no number `p99`", "write `p99_ms`"),
    Wrong("hookswarm --check 'lost<5s' --test load", "lost is a plain number, not in s", "leave the unit out"),
    Wrong(
        "hookswarm --check 'p99_ms<250parsec' --test load",
        "there is no unit 'parsec'", "write one of us, ms, s, m, %, B, kB, MB, GB",
    ),
    Wrong(
        "hookswarm --check 'stage:sustaned p99_ms<1' --test load",
        "no stage is named 'sustaned'", "write 'sustained'",
    ),
    Wrong("hookswarm --stages sustaind --test load", "no stage is named", "write 'sustained', or see --list"),
    Wrong("hookswarm --stages sustained", "'sustained' is a stage of load alone", "add --test load"),
    Wrong("analysis run --check nonsense", "no comparison in it", "write one, such as p99_ms<250"),
)  # fmt: skip
