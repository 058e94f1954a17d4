"""Every check on small rules: what it finds, and what it leaves alone."""

from dataclasses import replace
from typing import Any

import pytest

from deckwatch.rules.rule import Source
from tests.lint.linting import found, subject

PAIR = (
    'sequence by container.id with maxspan=1m\n[process where process.name == "a"]\n[process where process.name == "b"]'
)
LONG = PAIR.replace("1m", "1h")
TACTIC = {"id": "TA0002", "name": "Execution", "reference": "https://attack.mitre.org/tactics/TA0002/"}
SHELL = {
    "id": "T1059",
    "name": "Command and Scripting Interpreter",
    "reference": "https://attack.mitre.org/techniques/T1059/",
}

PROCESS_TIMELINE = "76e52245-7519-4251-91ab-262fb1a1728c"

KEYS_DIFFER = (
    "stage 1 and stage 2 are joined by `file.name` and `process.name`, but no value passes both of their tests"
)
ONE_NAME = " (`process.name` has one value in an event)"


def where(condition: str, category: str = "process") -> str:
    return f"{category} where {condition}"


def threat(tactic: dict[str, Any] = TACTIC, *techniques: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"framework": "MITRE ATT&CK", "tactic": tactic, "technique": list(techniques)}]


def technique(**changes: Any) -> dict[str, Any]:
    return {**SHELL, **changes}


QUERIES = [
    pytest.param(
        "never-true",
        where('process.name == "a" and process.name == "b"'),
        [
            (
                'process.name == "b"',
                'the query never matches: `process.name == "b"` contradicts `process.name == "a"`' + ONE_NAME,
            )
        ],
        id="two values",
    ),
    pytest.param(
        "never-true",
        where('process.args : "a*" and not process.args : ("a*", "b")'),
        [
            (
                'process.args : ("a*", "b")',
                'the query never matches: `process.args : ("a*", "b")` contradicts `process.args : "a*"`',
            )
        ],
        id="excluded altogether",
    ),
    pytest.param(
        "never-true",
        where("1 == 2"),
        [("1 == 2", "the query never matches: its condition is false whatever the event is")],
        id="constant",
    ),
    pytest.param("never-true", where('process.args == "a" and process.args == "b"'), [], id="an array has both"),
    pytest.param("never-true", where('event.action == "a" and event.action == "b"'), [], id="merged events have both"),
    pytest.param("never-true", where('acme.name == "a" and acme.name == "b"'), [], id="nothing known of the field"),
    pytest.param(
        "never-true",
        where("process.pid > 5 and process.pid < 3"),
        [
            (
                "process.pid < 3",
                "the query never matches: `process.pid < 3` contradicts `process.pid > 5`"
                + ONE_NAME.replace("name", "pid"),
            )
        ],
        id="numbers apart",
    ),
    pytest.param(
        "always-true",
        where('process.name != "a" or process.name != "b"'),
        [
            (
                'process.name != "a" or process.name != "b"',
                '`process.name != "a" or process.name != "b"` is always true' + ONE_NAME,
            )
        ],
        id="differs from one",
    ),
    pytest.param(
        "always-true",
        where("1 == 1"),
        [("1 == 1", "the condition of the query is true whatever the event is")],
        id="fact",
    ),
    pytest.param("always-true", where("true"), [], id="meant so"),
    pytest.param(
        "dead-clause",
        where('process.name == "sh" and (process.args == "-c" or process.name == "bash")'),
        [
            (
                'process.name == "bash"',
                f'`process.name == "bash"` contradicts `process.name == "sh"`{ONE_NAME}, so this alternative is dead',
            )
        ],
        id="alternative",
    ),
    pytest.param(
        "dead-clause", where('process.name == "sh" and (process.args == "-c" or user.id == "0")'), [], id="alive"
    ),
    pytest.param(
        "dead-member",
        where('process.args in ("a", "b") and not process.args : "B*"'),
        [
            (
                'process.args in ("a", "b")',
                'member 2 of `process.args in ("a", "b")` never counts: `process.args : "B*"` is excluded',
            )
        ],
        id="member",
    ),
    pytest.param(
        "redundant-clause",
        where('process.name : "a*" and process.name != null'),
        [("process.name != null", '`process.name != null` changes nothing beside `process.name : "a*"`')],
        id="has a value",
    ),
    pytest.param(
        "redundant-clause",
        where('process.name == "a" and (process.name like "a*" or user.id == "0")'),
        [
            (
                'process.name like "a*" or user.id == "0"',
                '`process.name like "a*" or user.id == "0"` changes nothing beside `process.name == "a"`',
            )
        ],
        id="one alternative is certain",
    ),
    pytest.param(
        "redundant-clause",
        where('process.args == "a" or (process.args == "a" and user.id == "0")'),
        [
            (
                'process.args == "a" and user.id == "0"',
                '`process.args == "a" and user.id == "0"` changes nothing beside `process.args == "a"`',
            )
        ],
        id="narrower alternative",
    ),
    pytest.param("redundant-clause", where('process.name : "a*" and process.name : "*b"'), [], id="both count"),
    pytest.param(
        "duplicate-member",
        where('process.name in ("ld", "gcc", "ld") or process.pid in (1, 2, 1)'),
        [('"ld"', '`"ld"` is in this list already'), ("1", "`1` is in this list already")],
        id="text and number",
    ),
    pytest.param("duplicate-member", where('process.name in ("ld", "LD")'), [], id="case counts"),
    pytest.param(
        "subsumed-member",
        where('process.name : ("ld", "LD", "g*", "gcc")'),
        [
            ('"LD"', '`"LD"` adds nothing to this list: `"ld"` fits all that it fits'),
            ('"gcc"', '`"gcc"` adds nothing to this list: `"g*"` fits all that it fits'),
        ],
        id="case and wildcard",
    ),
    pytest.param(
        "subsumed-member",
        where('process.name regex ("a.*", "ab", "b")'),
        [],
        id="regular expressions are compared only with themselves",
    ),
    pytest.param(
        "unknown-field",
        where('process.nmae == "a" and ?process.nmea == "b"'),
        [("process.nmae", "no schema knows the field `process.nmae`")],
        id="misspelt",
    ),
    pytest.param(
        "unsupplied-field",
        where('file.path == "a" and ?file.name == "b"'),
        [("file.path", "the data streams of the query do not hold `file.path`")],
        id="of another stream",
    ),
    pytest.param("unsupplied-field", where('file.path == "a"', "file"), [], id="of its stream"),
    pytest.param(
        "sensor-field",
        where('orchestrator.cluster.name == "a"'),
        [
            (
                "orchestrator.cluster.name",
                "Defend for Containers tells `orchestrator.cluster.name`, but the sensor of deckwatch does not",
            )
        ],
        id="of the cluster",
    ),
    pytest.param(
        "absent-key",
        "sequence by file.name with maxspan=1m [file where true] [process where true]",
        [("file.name", "the join key `file.name` is never there in the events of stage 2, so it joins nothing")],
        id="of another stream",
    ),
    pytest.param(
        "cannot-complete",
        'sequence with maxspan=1m [file where file.name in ("a", "b")] by file.name '
        '[process where process.name : "c*"] by process.name',
        [
            (
                'process where process.name : "c*"',
                KEYS_DIFFER,
            )
        ],
        id="keys differ",
    ),
    pytest.param(
        "cannot-complete",
        'sequence with maxspan=1m [file where file.name in ("a", "c1")] by file.name '
        '[process where process.name : "c*"] by process.name',
        [],
        id="keys may agree",
    ),
    pytest.param(
        "cannot-complete",
        'sequence with maxspan=1m [any where @timestamp < "2026-01-01"] [any where @timestamp > "2026-01-02"]',
        [('any where @timestamp > "2026-01-02"', "stage 2 begins later after stage 1 than `maxspan` allows")],
        id="too late",
    ),
    pytest.param(
        "cannot-complete",
        "sequence by host.id with maxspan=1m [any where true] ![process where true] [any where true]",
        [("process where true", "stage 2 must be missing, but it matches every process event")],
        id="never missing",
    ),
    pytest.param(
        "no-join-key",
        "sequence with maxspan=1m [any where true] [any where true]",
        [("sequence", "a sequence without `by` joins events of all containers, hosts and users")],
        id="no by",
    ),
    pytest.param("no-join-key", PAIR, [], id="by"),
    pytest.param(
        "no-maxspan",
        "sequence by host.id [any where true] [any where true]",
        [("sequence", "a sequence without `maxspan` may wait for its next event for ever")],
        id="no maxspan",
    ),
    pytest.param("no-maxspan", PAIR, [], id="maxspan"),
    pytest.param(
        "many-valued-key",
        "sequence by user.id with maxspan=1m [any where true] by process.args [any where true] by process.parent.args",
        [
            (
                name,
                f"the join key `{name}` usually has several values, and every one of them is a key of its own",
            )
            for name in ("process.args", "process.parent.args")
        ],
        id="several on both sides",
    ),
    pytest.param(
        "many-valued-key",
        "sequence with maxspan=1m [any where true] by process.args [any where true] by file.name",
        [],
        id="any argument is the name",
    ),
    pytest.param(
        "unused-until",
        f"{PAIR} until [process where 1 == 2]",
        [("process where 1 == 2", "`until` never matches, so it ends no sequence")],
        id="until",
    ),
    pytest.param("never-true", f"{PAIR} until [process where 1 == 2]", [], id="until is not the rule"),
    pytest.param(
        "any-category",
        "sequence by host.id with maxspan=1m [any where true] [process where true]",
        [("any where true", "stage 1 looks at events of every category")],
        id="any",
    ),
    pytest.param("any-category", "any where true", [], id="single events may"),
    pytest.param(
        "any-category",
        'sequence by host.id with maxspan=1m [any where data_stream.dataset == "a"] [any where acme.id == "b"]',
        [],
        id="said in another way",
    ),
    pytest.param(
        "trailing-missing",
        "sequence by host.id with maxspan=1m [any where true] ![process where true]",
        [("process where true", "the sequence ends with a missing event: it is known only when `maxspan` has passed")],
        id="last",
    ),
    pytest.param(
        "literal-wildcard",
        where('process.executable in ("/opt/x/*", "/bin/x") and process.name != "a*b" and process.args == "*"'),
        [('"/opt/x/*"', 'the `*` in `"/opt/x/*"` stands for itself here, not for any characters')],
        id="in a list",
    ),
    pytest.param(
        "windows-case",
        where('host.os.type == "windows" and process.name == "cmd.exe" and process.executable : "x.exe"'),
        [('process.name == "cmd.exe"', '`process.name == "cmd.exe"` minds the case, which Windows does not')],
        id="program",
    ),
    pytest.param("windows-case", where('process.name == "cmd.exe"'), [], id="nothing said of Windows"),
    pytest.param(
        "open-start",
        'sequence by host.id with maxspan=1m [process where event.action == "exec" and not user.id == "0"] '
        '[file where file.path == "a"]',
        [
            (
                'process where event.action == "exec" and not user.id == "0"',
                "nearly every process event starts this sequence, and is kept for 1m per join key",
            )
        ],
        id="kind alone",
    ),
    pytest.param(
        "open-start",
        'sequence by host.id with maxspan=1m [process where event.action == "load_module"] [file where true]',
        [],
        id="a rare action",
    ),
    pytest.param("long-maxspan", LONG, [], id="an hour"),
    pytest.param(
        "long-maxspan",
        LONG.replace("1h", "2h"),
        [("2h", "what may begin a sequence is kept for 2h per join key")],
        id="two hours",
    ),
    pytest.param(
        "name-behind-path",
        where('process.executable like ("*/nc", "*/n*", "/bin/*")'),
        [('"*/nc"', '`process.executable` has to be searched to its end for `"*/nc"`')],
        id="last part",
    ),
    pytest.param(
        "plain-regex",
        where('process.command_line regex ("curl .*", "a+", ".*nc.*")'),
        [
            ('"curl .*"', '`"curl .*"` needs no regular expression'),
            ('".*nc.*"', '`".*nc.*"` needs no regular expression'),
        ],
        id="runs at the ends",
    ),
    pytest.param(
        "costly-pattern",
        where('process.command_line like "*a*b*c*d*e*" or process.command_line regex ("~a", "[^a]{1,900}")'),
        [
            ('"*a*b*c*d*e*"', '`"*a*b*c*d*e*"` has 6 runs of any characters'),
            ('"~a"', '`"~a"` cannot be evaluated on columns'),
            ('"[^a]{1,900}"', '`"[^a]{1,900}"` takes 1.3 MB when it is compiled'),
        ],
        id="three ways",
    ),
]


@pytest.mark.parametrize(("code", "query", "expected"), QUERIES)
def test_of_queries(code: str, query: str, expected: list[tuple[str, str]]) -> None:
    assert found(code, subject(query)) == expected


PARAMETERS = [
    pytest.param(
        "risk-severity",
        {"severity": "low", "risk_score": 47},
        [("risk_score", "low goes with a risk score from 0 to 21, not 47")],
        id="band",
    ),
    pytest.param("duplicate-tag", {"tags": ["a", "b", "a"]}, [("tags", 'the tag "a" is there twice')], id="tag"),
    pytest.param(
        "unknown-parameter",
        {"max_signal": 5, "x_own": 1},
        [("max_signal", "`max_signal` is no parameter of a rule, so it has no effect")],
        id="misspelt",
    ),
    pytest.param(
        "unknown-field",
        {"rule_name_override": "mesage"},
        [("rule_name_override", "no schema knows the field `mesage`, which `rule_name_override` names")],
        id="named by a parameter",
    ),
    pytest.param(
        "ignored-index",
        {"index": ["logs-*", "other:x"]},
        [("index", "index pattern 'other:x' is ignored: 'other' is a remote cluster")],
        id="remote",
    ),
    pytest.param(
        "redundant-index",
        {"index": ["logs-a*", "logs-ab-*", ".logs-a"]},
        [("index", 'the index pattern "logs-ab-*" adds nothing to "logs-a*"')],
        id="narrower pattern",
    ),
    pytest.param(
        "stream-category",
        {"index": ["logs-cloud_defend.file-*"]},
        [
            (
                'process where process.name == "nc"',
                "the query wants events of category process; the rule reads logs-cloud_defend.file-*",
            )
        ],
        id="another stream",
    ),
    pytest.param("stream-category", {"index": ["logs-cloud_defend.file-*", "logs-*"]}, [], id="any stream"),
    pytest.param(
        "loose-placeholder",
        {"note": "$osquery_1"},
        [("note", "nothing stands for `$osquery_1` in the note")],
        id="note",
    ),
    pytest.param("attack-missing", {}, [("threat", "the rule names no ATT&CK tactic")], id="none"),
    pytest.param("attack-id", {"threat": threat(TACTIC, SHELL)}, [], id="sound"),
    pytest.param(
        "attack-id",
        {"threat": threat({**TACTIC, "name": "Impact"})},
        [("threat", 'TA0002 is called "Execution", not "Impact"')],
        id="name",
    ),
    pytest.param(
        "attack-id",
        {"threat": threat(TACTIC, technique(reference="https://attack.mitre.org/techniques/T1053/"))},
        [("threat", "the reference of T1059 leads elsewhere")],
        id="reference",
    ),
    pytest.param(
        "attack-id",
        {"threat": threat(TACTIC, technique(id="1059"))},
        [("threat", '"1059" is no id of an ATT&CK technique')],
        id="form",
    ),
    pytest.param(
        "attack-id",
        {"threat": threat(TACTIC, technique(id="T1086", reference="https://attack.mitre.org/techniques/T1086"))},
        [("threat", "ATT&CK has revoked T1086")],
        id="revoked",
    ),
    pytest.param(
        "attack-id",
        {
            "threat": threat(
                TACTIC,
                technique(
                    subtechnique=[
                        {
                            "id": "T1053.003",
                            "name": "Cron",
                            "reference": "https://attack.mitre.org/techniques/T1053/003/",
                        }
                    ]
                ),
            )
        },
        [("threat", "T1053.003 is no sub-technique of T1059")],
        id="sub-technique of another",
    ),
    pytest.param(
        "attack-id",
        {
            "threat": threat(
                TACTIC, technique(id="T1999", name="New", reference="https://attack.mitre.org/techniques/T1999")
            )
        },
        [],
        id="not in the table",
    ),
    pytest.param(
        "attack-tactic",
        {"threat": threat(TACTIC, SHELL, technique(id="T1611", name="Escape to Host"))},
        [("threat", "T1611 is not a technique of TA0002")],
        id="tactic",
    ),
    pytest.param(
        "attack-repeated", {"threat": threat() * 2}, [("threat", "the tactic TA0002 is there twice")], id="twice"
    ),
    pytest.param(
        "suppression-key",
        {"query": PAIR, "alert_suppression": {"group_by": ["container.id", "user.id"]}},
        [("alert_suppression", "alerts are grouped by `user.id`, which the events of a sequence need not agree in")],
        id="no join key",
    ),
    pytest.param(
        "suppression-key",
        {
            "query": PAIR,
            "alert_suppression": {"group_by_v2": [{"field": "user.id", "sequence_index": 1}, {"field": "user.name"}]},
        },
        [("alert_suppression", "alerts are grouped by `user.name`, which the events of a sequence need not agree in")],
        id="no join key, but of one event",
    ),
    pytest.param(
        "repository-identity",
        {"rule_id": "nc", "name": "Netcat."},
        [
            ("rule_id", "the rule_id 'nc' is no UUID in lower case"),
            ("name", "the name has to begin and end with a letter or digit"),
        ],
        id="id and name",
    ),
    pytest.param(
        "repository-dates",
        {"metadata": {"creation_date": "2026/02/02", "updated_date": "2026/02/01"}},
        [("", "it was updated on 2026/02/01, before it was made on 2026/02/02")],
        id="dates",
    ),
    pytest.param(
        "repository-metadata",
        {"metadata": {"maturity": "produktion", "integrations": ["endpoint"], "own": 1}},
        [
            ("", 'there is no maturity "produktion"'),
            ("", "`integrations` is no key of `[metadata]`"),
            ("author", "the rule has no `author`"),
        ],
        id="misspelt",
    ),
    pytest.param(
        "repository-metadata", {"author": ["Somebody"], "metadata": {"maturity": "production"}}, [], id="complete"
    ),
    pytest.param(
        "repository-dates",
        {"metadata": {"creation_date": "2026-02-02"}},
        [("", "`creation_date` is not a date such as 2026/02/01"), ("", "`updated_date` is missing")],
        id="form of dates",
    ),
    pytest.param(
        "repository-stream-tag",
        {"index": ["logs-endpoint.events.*", ".alerts-security.*", "logs-windows.sysmon_operational-*"]},
        [
            ("tags", 'the index pattern .alerts-security.* wants the tag "Rule Type: Higher-Order Rule"'),
            ("tags", 'the index pattern logs-endpoint.events.* wants the tag "Data Source: Elastic Defend"'),
            ("tags", 'the index pattern logs-windows.sysmon_operational-* wants the tag "Data Source: Sysmon"'),
        ],
        id="several tags",
    ),
    pytest.param(
        "repository-timestamp",
        {},
        [("timestamp_override", "a rule on single events has to set `timestamp_override`")],
        id="unset",
    ),
    pytest.param("repository-timestamp", {"query": PAIR}, [], id="sequence"),
    pytest.param(
        "repository-window",
        {"query": LONG, "from": "now-9m"},
        [("from", "a sequence of 1h does not fit into what one run reads, now-9m")],
        id="window",
    ),
    pytest.param(
        "repository-tactic-tag",
        {"threat": threat()},
        [("tags", 'the first tactic has no tag "Tactic: Execution"')],
        id="tactic tag",
    ),
    pytest.param(
        "repository-stream-tag",
        {},
        [("tags", 'the index pattern logs-cloud_defend.* wants the tag "Data Source: Elastic Defend for Containers"')],
        id="stream tag",
    ),
    pytest.param(
        "repository-guide",
        {"note": "### Investigating Netcat", "tags": []},
        [("tags", 'the tag "Resources: Investigation Guide" goes with a guide')],
        id="guide tag",
    ),
    pytest.param(
        "repository-building-block",
        {"building_block_type": "default"},
        [("tags", 'the tag "Rule Type: BBR" goes with `building_block_type`')],
        id="building block",
    ),
    pytest.param(
        "repository-version",
        {
            "query": "sequence by host.id with maxspan=1m [any where true] ![any where false] [any where true]",
            "metadata": {"min_stack_version": "8.3.0"},
        },
        [("", "a missing event needs stack 8.9, but `min_stack_version` is 8.3.0")],
        id="missing event",
    ),
    pytest.param("repository-window", {"query": PAIR, "from": "now-9m"}, [], id="fits"),
    pytest.param(
        "repository-window",
        {"index": ["logs-endpoint.events.process-*"]},
        [("from", "a rule on logs-endpoint.events.* has to say from when on a run reads")],
        id="no from",
    ),
    pytest.param(
        "unknown-field",
        {"investigation_fields": {"field_names": ["process.name", "process.nmae"]}},
        [("investigation_fields", "no schema knows the field `process.nmae`, which `investigation_fields` names")],
        id="to look at",
    ),
    *(
        pytest.param(
            "unknown-field",
            {parameter: value},
            [(parameter, f"no schema knows the field `event.x`, which `{parameter}` names")],
            id=parameter,
        )
        for parameter, value in {
            "timestamp_override": "event.x",
            "event_category_override": "event.x",
            "tiebreaker_field": "event.x",
            "risk_score_mapping": [{"field": "event.x", "operator": "equals", "value": ""}],
            "alert_suppression": {"group_by": ["event.x"]},
        }.items()
    ),
    pytest.param(
        "unused-transform",
        {"note": "$osquery_1 $osquery_10", "transform": {"osquery": [{}, {}], "investigate": [{}]}},
        [
            ("note", "entry 0 of `[[transform.osquery]]` is used nowhere in the note"),
            ("note", "entry 0 of `[[transform.investigate]]` is used nowhere in the note"),
        ],
        id="entries",
    ),
    pytest.param(
        "timeline-pair",
        {"timeline_id": PROCESS_TIMELINE},
        [("timeline_id", "`timeline_id` is set without `timeline_title`")],
        id="id alone",
    ),
    pytest.param(
        "timeline-pair",
        {"timeline_title": "Own"},
        [("timeline_title", "`timeline_title` is set without `timeline_id`")],
        id="title alone",
    ),
    pytest.param(
        "timeline-pair",
        {"timeline_id": PROCESS_TIMELINE, "timeline_title": "Generic Network Timeline"},
        [
            (
                "timeline_title",
                f'the timeline {PROCESS_TIMELINE} is called "Generic Process Timeline", not "Generic Network Timeline"',
            )
        ],
        id="another title",
    ),
    pytest.param(
        "timeline-pair",
        {"timeline_id": "own", "timeline_title": "Generic Process Timeline"},
        [("timeline_id", f'"Generic Process Timeline" is the timeline {PROCESS_TIMELINE}, not own')],
        id="another id",
    ),
    pytest.param("timeline-pair", {"timeline_id": "own", "timeline_title": "Own"}, [], id="not known"),
    pytest.param(
        "timeline-pair",
        {"timeline_id": PROCESS_TIMELINE, "timeline_title": "Generic Process Timeline"},
        [],
        id="the pair",
    ),
    pytest.param("timeline-pair", {"timeline_id": "", "timeline_title": ""}, [], id="none"),
    pytest.param("max-signals", {"max_signals": 1000}, [], id="at the limit"),
    pytest.param(
        "max-signals",
        {"max_signals": 1001},
        [("max_signals", "Kibana makes 1000 alerts in a run at most, not 1001")],
        id="above the limit",
    ),
    pytest.param(
        "data-view",
        {"data_view_id": "containers"},
        [("data_view_id", "Kibana reads the data view containers instead of `index`, which deckwatch reads")],
        id="both",
    ),
    pytest.param(
        "repository-interval",
        {"query": LONG},
        [("interval", "a sequence of 1h is looked for every 5m, less than half of its time")],
        id="often",
    ),
    pytest.param("repository-interval", {"query": LONG, "interval": "30m"}, [], id="half of its time"),
    pytest.param("repository-interval", {"query": PAIR, "interval": "10s"}, [], id="a short sequence"),
    pytest.param(
        "repository-building-block-timing",
        {"building_block_type": "default", "from": "now-1h"},
        [
            ("from", "a building block reads from now-119m at least, not now-1h"),
            ("interval", "a building block runs every 60m at most, not 5m"),
        ],
        id="window and interval",
    ),
    pytest.param(
        "repository-building-block-timing",
        {"building_block_type": "default", "from": "now-2h", "interval": "1h"},
        [],
        id="in other units",
    ),
    pytest.param(
        "repository-building-block-timing",
        {"building_block_type": "default", "metadata": {"bypass_bbr_timing": True}},
        [],
        id="bypassed",
    ),
    pytest.param("repository-building-block-timing", {}, [], id="no building block"),
    pytest.param(
        "repository-sequence-timestamp",
        {"query": PAIR, "timestamp_override": "event.ingested"},
        [
            (
                "timestamp_override",
                "events of the sequence are chosen by `event.ingested`, but ordered by another time",
            )
        ],
        id="sequence with override",
    ),
    pytest.param("repository-sequence-timestamp", {"timestamp_override": "event.ingested"}, [], id="single events"),
    pytest.param(
        "repository-max-signals",
        {"max_signals": 1000},
        [("max_signals", "`max_signals` is 1000, and `setup` does not say how to raise the platform's limit")],
        id="unexplained",
    ),
    pytest.param("repository-max-signals", {"max_signals": 1000, "setup": "`max_signals` ..."}, [], id="explained"),
    pytest.param(
        "repository-suppression",
        {"alert_suppression": {"group_by": ["container.id"]}},
        [("alert_suppression", "suppression does not say what becomes of alerts without one of the fields")],
        id="no strategy",
    ),
    pytest.param(
        "repository-suppression",
        {"alert_suppression": {"group_by": ["container.id"], "missing_fields_strategy": "suppress"}},
        [],
        id="strategy",
    ),
    pytest.param("repository-source", {"index": None}, [("", "the rule does not say what it reads")], id="no index"),
    pytest.param("repository-source", {}, [], id="an index"),
    pytest.param(
        "repository-numbering",
        {"version": 2, "revision": 1},
        [
            (name, f"`{name}` is written in the file; the repository counts by itself")
            for name in ("version", "revision")
        ],
        id="version and revision",
    ),
    pytest.param(
        "repository-deprecation",
        {"metadata": {"maturity": "production", "deprecation_date": "2026/02/01"}},
        [("", "the rule is deprecated since 2026/02/01, but its `maturity` is not deprecated")],
        id="date",
    ),
    pytest.param(
        "repository-stack-comment",
        {"metadata": {"min_stack_version": "8.18.0"}},
        [("", "`min_stack_version` is set, but nothing says why")],
        id="no comment",
    ),
    pytest.param(
        "repository-integration",
        {
            "index": ["logs-cloud_defend.*", "logs-endpoint.events.*", "auditbeat-*"],
            "metadata": {"integration": "endpoint"},
        },
        [("index", "the rule reads data streams of cloud_defend, which `integration` does not name")],
        id="one of two",
    ),
    pytest.param(
        "repository-tag-form",
        {"tags": ["OS: Linux", "Data source: A", "Own: B", "container"]},
        [
            ("tags", 'no tag begins with "Data source: "'),
            ("tags", 'the tag "container" is not of the form "Prefix: Value"'),
        ],
        id="tags",
    ),
    pytest.param(
        "repository-triage",
        {"author": ["Elastic"], "severity": "high", "note": "### Triage and analysis"},
        [("note", 'a rule of high severity has no "## Triage and analysis" in its note')],
        id="another level",
    ),
    pytest.param(
        "repository-triage",
        {"author": ["Elastic"], "severity": "high", "note": "Look.\n ## Triage and analysis\n"},
        [],
        id="a section",
    ),
    pytest.param("repository-triage", {"author": ["Somebody"], "severity": "high"}, [], id="of somebody else"),
    pytest.param(
        "repository-setup",
        {"setup": "# Setup\nInstall it.", "note": "## Setup\nInstall it."},
        [
            ("setup", "the heading of the setup in `setup` is not of level 2"),
            ("note", "`note` has a section on setup beside the parameter `setup`"),
        ],
        id="level and place",
    ),
    pytest.param("repository-setup", {"note": "## Setup\nInstall it."}, [], id="in the note alone"),
    pytest.param(
        "repository-plugin-text",
        {"note": '!{investigate{"label":"a"}}'},
        [("note", "the note holds the rendered text of an entry for investigate")],
        id="rendered",
    ),
    pytest.param("repository-plugin-text", {"note": "$osquery_0"}, [], id="placeholder"),
    pytest.param(
        "repository-license",
        {"author": ["Elastic"], "license": "Elastic Licence v2"},
        [("license", 'the license is "Elastic Licence v2", not "Elastic License v2"')],
        id="spelling",
    ),
    pytest.param("repository-license", {"author": ["Somebody"], "license": "MIT"}, [], id="of somebody else"),
    pytest.param(
        "repository-version",
        {
            "alert_suppression": {"group_by": ["a", "b", "c", "d"]},
            "investigation_fields": {"field_names": ["a"]},
            "metadata": {"min_stack_version": "8.0"},
        },
        [
            ("", f"{what}, but `min_stack_version` is 8.0")
            for what in (
                "suppression needs stack 8.14",
                "suppression by more than three fields needs stack 9.2",
                "`investigation_fields` needs stack 8.11",
            )
        ],
        id="parameters",
    ),
]


@pytest.mark.parametrize(("code", "changes", "expected"), PARAMETERS)
def test_of_parameters(code: str, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(code, subject(**changes)) == expected


PLACES = [
    pytest.param(
        "repository-os",
        "rules/linux/a.toml",
        {},
        [
            "a rule in the folder linux does not test `host.os.type`",
            'a rule in the folder linux wants the tag "OS: Linux"',
        ],
        id="folder of a system",
    ),
    pytest.param(
        "repository-os",
        "rules/macos/a.toml",
        {"query": where('host.os.type == "macos"'), "tags": ["OS: macOS"]},
        [],
        id="that the rule is for",
    ),
    pytest.param("repository-os", "rules/network/a.toml", {}, [], id="another folder"),
    pytest.param(
        "repository-deprecation",
        "rules/_deprecated/a.toml",
        {},
        ["the rule is in the folder _deprecated, but its `maturity` is not deprecated"],
        id="folder",
    ),
    pytest.param(
        "repository-building-block",
        "rules/linux/a.toml",
        {"building_block_type": "default", "tags": ["Rule Type: BBR"]},
        ["the rule belongs into the folder rules_building_block"],
        id="building block elsewhere",
    ),
    pytest.param(
        "repository-building-block",
        "rules_building_block/a.toml",
        {},
        ["the rule is no building block, but in the folder rules_building_block"],
        id="no building block",
    ),
    pytest.param(
        "repository-identity",
        "rules/linux/persistence_a.toml",
        {"author": ["Elastic"], "threat": threat()},
        ["the file name persistence_a.toml does not begin with the first tactic, execution"],
        id="tactic",
    ),
    pytest.param(
        "repository-identity",
        "rules/linux/execution_a.toml",
        {"author": ["Elastic"], "threat": threat()},
        [],
        id="the tactic",
    ),
]


@pytest.mark.parametrize(("code", "file", "changes", "expected"), PLACES)
def test_of_files(code: str, file: str, changes: dict[str, Any], expected: list[str]) -> None:
    made = subject(**changes)
    moved = replace(made, rule=replace(made.rule, source=Source(file, 1)))
    assert [message for _, message in found(code, moved)] == expected


def other(query: str, **changes: Any) -> Any:
    return subject(query, **({"rule_id": "other", "name": "Other"} | changes))


WIDE = where('process.name like~ ("nc*", "socat")')
NARROW = where('process.name == "ncat" and user.id == "0"')
AGAIN = where('process.name : "socat" or process.name : "nc*"')

SETS = [
    pytest.param("subsumed-rule", (NARROW, {}), (WIDE, {}), True, id="implied"),
    pytest.param("subsumed-rule", (NARROW, {}), (WIDE, {"index": ["logs-cloud_defend.file*"]}), False, id="reads less"),
    pytest.param("subsumed-rule", (NARROW, {}), (WIDE.replace("process", "file", 1), {}), False, id="another category"),
    pytest.param(
        "subsumed-rule", (NARROW, {}), (WIDE.replace("process where", "any where"), {}), True, id="any category"
    ),
    pytest.param("subsumed-rule", (AGAIN, {}), (WIDE, {}), False, id="equivalent is another finding"),
    pytest.param("equivalent-rule", (AGAIN, {}), (WIDE, {}), True, id="written in another way"),
    pytest.param(
        "equivalent-rule", (AGAIN, {}), (WIDE, {"event_category_override": "event.type"}), False, id="category field"
    ),
    pytest.param(
        "equivalent-rule", (PAIR, {}), (PAIR.replace('"a"', '("a")').replace("==", ":"), {}), False, id="case"
    ),
    pytest.param("equivalent-rule", (PAIR, {}), (PAIR.replace('== "a"', 'in ("a")'), {}), True, id="sequences"),
    pytest.param("equivalent-rule", (PAIR, {}), (PAIR.replace("1m", "2m"), {}), False, id="maxspan"),
    pytest.param("equivalent-rule", (PAIR, {}), (PAIR.replace("container.id", "host.id"), {}), False, id="join key"),
    pytest.param("repeated-name", (PAIR, {}), (WIDE, {"name": "Netcat"}), True, id="name"),
]


@pytest.mark.parametrize(("code", "one", "two", "expected"), SETS)
def test_of_sets(code: str, one: tuple[str, dict[str, Any]], two: tuple[str, dict[str, Any]], expected: bool) -> None:
    assert bool(found(code, subject(one[0], **one[1]), other(two[0], **two[1]))) == expected
