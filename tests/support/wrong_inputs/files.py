"""Files, folders and addresses that are wrong, and what the environment gives."""

from tests.support.wrong_inputs.wrong import Wrong

REGION = '[[region]]\nname = "a"\nurl = "http://127.0.0.1:1/"\n'
ORIGIN = 'source = "the handbook"\nas_of = 2026-01-01\n'
MISSING = "No such file or directory", "check its name and permissions"


def toml(option: str, text: str, says: str, then: str) -> Wrong:
    """A TOML file of an option."""
    return Wrong(f"hookswarm {option} a.toml --test load", says, then, {"a.toml": text})


def payload(name: str, text: str, says: str, then: str) -> Wrong:
    """A file of bodies."""
    return Wrong(f"hookswarm --payloads {name} --test load", says, then, {name: text})


def endpoints(name: str, text: str, says: str, then: str) -> Wrong:
    """A file of endpoints."""
    return Wrong(f"hookswarm --endpoints {name} --list --test load", says, then, {name: text})


def target(url: str, says: str, then: str) -> Wrong:
    """A URL."""
    return Wrong(f"hookswarm --target '{url}' --test load", says, then)


PROFILE = "--retry-profile mine --retry-profiles"

FILES = (
    Wrong("hookswarm --regions none.toml --test load", f"--regions cannot read none.toml: {MISSING[0]}", MISSING[1]),
    Wrong("hookswarm --regions a --test load", "--regions cannot read a: Is a directory", MISSING[1], {"a": None}),
    toml("--regions", "region = [", "not TOML: at its end: a quote or bracket is still open", "close it"),
    toml("--regions", "name = eu", "line 1, column 8: this is not a value", 'put text in quotes, as in name = "eu"'),
    toml("--regions", "a = 1\na = 2\nb = 3", "line 2, column 6: this name is there twice", "remove one"),
    toml("--regions", "", "region: missing", "add it"),
    toml("--regions", "region = 5", "a.toml: region", "write a list: […]"),
    toml("--regions", REGION + "wieght = 2", "region 1: wieght: unknown key", "write weight, or leave it out"),
    toml("--regions", REGION + "weight = 0", "region 1: weight", "write more than 0"),
    toml("--regions", REGION + REGION, "region 'a' is named twice", "rename one"),
    toml("--regions", REGION + "share = 0", "no region has a share of the load", "give one a share above 0"),
    toml(
        "--regions", '[[region]]\nname = "a"\nurl = "http://127.0.0.1:99999/"',
        "region 1: url: 'http://127.0.0.1:99999/' has no usable host and port", "write http://host:port/path",
    ),
    Wrong(
        "hookswarm --provider gihub --test load",
        "there is no provider 'gihub'", "write github, or name a file of your own: --provider mine.toml",
    ),
    toml("--provider", ORIGIN + 'methd = "POST"', "methd: unknown key", "write method, or leave it out"),
    toml("--provider", ORIGIN + 'method = "GET"', "a: method", "write 'POST' or 'PUT'"),
    toml("--provider", "as_of = 2026-01-01", "source: missing", "add it"),
    Wrong(f"hookswarm {PROFILE} none.toml --test load", f"cannot read none.toml: {MISSING[0]}", MISSING[1]),
    toml(PROFILE, f"[mine]\n{ORIGIN}retires = 3", "mine: retires: unknown key", "write retries, or leave it out"),
    toml(
        PROFILE, f'[mine]\n{ORIGIN}growth = "cubic"',
        "mine: growth", "write 'fixed', 'linear', 'exponential' or 'schedule'",
    ),
    toml(PROFILE, f"[mine]\n{ORIGIN}delay_s = -1", "mine: delay_s is -1", "write 0 to 10000000 seconds"),
    toml(PROFILE, "mine = 5", "a.toml: mine", "write a table: [name]"),
    toml("--checks", 'check = ["lost==0"]', "--checks a.toml", 'write one list: checks = ["p99_ms<250", "lost==0"]'),
    Wrong(
        "hookswarm --payloads none.json --test load",
        "none.json: No such file", "give JSON, NDJSON or a folder that can be read",
    ),
    payload("a.json", '{"a":', "not JSON: a value is missing at column 6", "mend it, or give NDJSON, a body a line"),
    payload("a.ndjson", '{"a": 1}\n{"b"', "2 (a colon is missing at column 5)", "mend these lines, or leave them out"),
    payload("a.json.gz", "x", "cannot be unpacked", "mend it, or leave it out"),
    payload("mix.toml", 'from = "."\nother = 1', "other: unknown key", "write others, or leave it out"),
    Wrong("hookswarm --endpoints none.csv --list", "none.csv: No such file", "name a file of CSV or NDJSON"),
    endpoints("a.csv", "uri\nhttp://127.0.0.1:1/", "line 1: the header", "and none but url, secret, headers, weight"),
    endpoints("a.ndjson", '{"url"', "line 1: not JSON: a colon is missing at column 7", "write an object a line"),
    endpoints("a.ndjson", '{"ulr": "http://127.0.0.1:1/"}', "line 1: unknown key 'ulr'", "write url"),
    endpoints("a.csv", "url,weight\nhttp://127.0.0.1:1/,heavy", "weight", "write a number above 0, and at most 1e+12"),
    Wrong(
        "hookswarm --service convy --test load",
        "there is no service 'convy'", "write convoy, or name a file of your own: --service mine.toml",
    ),
    toml("--service", 'like = "outpost"\nadresses = 1', "adresses: unknown key", "write addresses, or leave it out"),
    Wrong("hookswarm --ca-file none.pem --test load", "none.pem cannot be read", "name a file in PEM"),
    Wrong(
        "hookswarm --ca-file a.pem --test load",
        "no certificate in PEM can be read", "name one of an authority", {"a.pem": "hello"},
    ),
    Wrong("hookswarm --output a --test load", "--output a cannot be written", "name another folder", {"a": ""}),
    Wrong("hookswarm --junit a --test load", "--junit a is not a file", "name another", {"a": None}),
    Wrong(
        "hookswarm --test load",
        "webhook_performance_results.json: Is a directory", "name another place, and run it again",
        {"webhook_performance_results.json": None},
    ),
    Wrong(
        "hookswarm --test load",
        "is of schema version 99", "move it away, or name another --output",
        {"webhook_performance_results.json": '{"schema_version": 99, "sections": {}}'},
    ),
)  # fmt: skip

ADDRESSES = (
    target("ftp://127.0.0.1/", "is not an http:// or https:// URL", "begin it with one of these"),
    target("http://", "'http://' has no usable host and port", "write http://host:port/path"),
    target("http://[::1/", "has no usable host and port", "write http://host:port/path"),
    target("http://me:pass@127.0.0.1/", "a URL may hold no credentials", "leave out what stands before @"),
    target("http://127.0.0.1/a b", "has white space in it", "write a space as %20"),
    target("http://127.0.0.1/#x", "# and what follows it is never sent", "leave it out"),
    target("http://127.0.0.1/{webhok}", "there is no {webhok} in a URL", "write {webhook}, the webhook's number"),
    target("http://192.0.2.1/", "is beyond loopback", "if it is yours to load, add --allow-remote"),
    target("http://127.0.0.1:1/", "cannot reach 127.0.0.1:1: Connection refused", "start it, or check the address"),
    Wrong(
        "hookswarm --target http://127.0.0.1:1/ --regions a.toml --test load",
        "--target and --regions cannot be used together", "leave all but one out", {"a.toml": REGION},
    ),
)  # fmt: skip

ENVIRONMENT = (
    Wrong(
        "hookswarm --test load", "$HOOKSWARM_SECRET: the signing secret is not base64",
        "give it as provider standard-webhooks does, or name its provider by --provider",
        env={"HOOKSWARM_SECRET": "short"},
    ),
    Wrong(
        "hookswarm --test load", "$HOOKSWARM_SECRET_FILE: there is no file none", "name another",
        env={"HOOKSWARM_SECRET": "", "HOOKSWARM_SECRET_FILE": "none"},
    ),
    Wrong(
        "hookswarm --test load", "the control token is not 16 or more printable", "set another in $HOOKSWARM_TOKEN",
        env={"HOOKSWARM_TOKEN": "short"},
    ),
    Wrong(
        "hookswarm --test load", "$GITHUB_STEP_SUMMARY a is not a file", "name another", {"a": None},
        {"GITHUB_STEP_SUMMARY": "a"},
    ),
    Wrong(
        "hookswarm --transport httpx --links real --test load", "$HTTP_PROXY is not the URL of a proxy",
        "write http://host:port, or unset it", env={"HTTP_PROXY": "ftp://there"},
    ),
)  # fmt: skip
