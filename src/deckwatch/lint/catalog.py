"""All checks, by code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from deckwatch.lint.checks import (
    attack,
    clauses,
    conventions,
    cost,
    exceptions,
    fields,
    members,
    overlap,
    parameters,
    schedule,
    sequences,
    texts,
)
from deckwatch.lint.finding import Check, Found, each
from deckwatch.lint.subject import Subject


def _nothing(_: Sequence[Subject]) -> Iterator[tuple[Subject, Found]]:
    """What loading finds is not looked for again."""
    return iter(())


INVALID = Check(
    "invalid-rule", "error", "something that is no sound rule",
    "it does not run, and detects nothing", _nothing,
)  # fmt: skip
"""What loading a rule finds: syntax, unknown functions, types that do not fit, parameters of the wrong shape."""

CHECKS: tuple[Check, ...] = (
    INVALID,
    Check(
        "never-true", "error", "an event or a stage that nothing can match",
        "the rule is silent whatever happens", each(clauses.never_true),
    ),
    Check(
        "always-true", "warning", "a condition that everything fulfils",
        "what looks like a restriction is none", each(clauses.always_true),
    ),
    Check(
        "dead-clause", "warning", "an alternative that the rest of the condition rules out",
        "what it should detect is not detected", each(clauses.dead_clauses),
    ),
    Check(
        "dead-member", "warning", "a member of a list that an exclusion takes away again",
        "what it should detect is not detected", each(clauses.dead_members),
    ),
    Check(
        "redundant-clause", "info", "a clause that another one already decides",
        "it changes nothing, and readers look for what it might mean", each(clauses.redundant_clauses),
    ),
    Check(
        "duplicate-member", "warning", "a value or pattern that stands in a list twice",
        "another value may have been meant", each(members.duplicate_members),
    ),
    Check(
        "subsumed-member", "info", "a member of a list that another member covers",
        "it changes nothing, or the other member is wider than was meant", each(members.subsumed_members),
    ),
    Check(
        "unknown-field", "error", "a field that no schema has",
        "events do not have it, so tests of it are never true", each(fields.unknown_fields),
    ),
    Check(
        "unsupplied-field", "warning", "a field that the rule's data streams do not hold",
        "tests of it are never true, and its negations always", each(fields.unsupplied_fields),
    ),
    Check(
        "sensor-field", "info", "a field that the sensor of deckwatch does not tell",
        "the rule sees less, or nothing, on events that deckwatch recorded itself", each(fields.sensor_fields),
    ),
    Check(
        "absent-key", "error", "a join key that the events of a stage never have",
        "the sequence cannot complete", each(fields.absent_keys),
    ),
    Check(
        "stream-category", "error", "a category that the rule's data streams do not hold",
        "the filter never sees an event", each(fields.stream_categories),
    ),
    Check(
        "cannot-complete", "error", "a sequence whose stages exclude each other",
        "the rule is silent whatever happens", each(sequences.cannot_complete),
    ),
    Check(
        "no-join-key", "warning", "a sequence without `by`",
        "events that have nothing to do with each other are joined, and hide others", each(sequences.no_join_key),
    ),
    Check(
        "no-maxspan", "warning", "a sequence without `maxspan`",
        "what began is kept without end, and events of different days are joined", each(sequences.no_maxspan),
    ),
    Check(
        "many-valued-key", "warning", "a join key with several values in an event",
        "each value opens a sequence of its own, and unrelated events may share one", each(sequences.many_valued_keys),
    ),
    Check(
        "unused-until", "warning", "an `until` that never matches",
        "sequences that it should end complete all the same", each(sequences.unused_until),
    ),
    Check(
        "any-category", "info", "a stage that looks at events of every category",
        "more events have to be looked at, and unexpected ones may match", each(sequences.any_category),
    ),
    Check(
        "trailing-missing", "info", "a sequence that ends with a missing event",
        "the alert comes when `maxspan` has passed; Elasticsearch may give it too early",
        each(sequences.trailing_missing),
    ),
    Check(
        "suppression-key", "warning", "suppression of a sequence by what is no join key",
        "the field is mostly empty in the alert, so unrelated alerts are suppressed", each(sequences.suppression_keys),
    ),
    Check(
        "literal-wildcard", "warning", "a `*` where it stands for itself",
        "`==` and `in` know no wildcards, so hardly anything equals such a text", each(cost.literal_wildcards),
    ),
    Check(
        "windows-case", "info", "a comparison that minds the case on Windows",
        "another spelling of the same file name is not detected", each(cost.cases_on_windows),
    ),
    Check(
        "open-start", "warning", "a first stage that nearly every event fulfils",
        "memory and time grow with all events instead of those of interest", each(cost.open_starts),
    ),
    Check(
        "long-maxspan", "info", "a `maxspan` of more than an hour",
        "memory grows with everything that began in that time", each(cost.long_spans),
    ),
    Check(
        "name-behind-path", "info", "a pattern on a path that only asks for its last part",
        "a leading wildcard has to be tried at every character; a name is looked up", each(cost.name_behind_path),
    ),
    Check(
        "plain-regex", "info", "a regular expression that a wildcard could replace",
        "wildcards are easier to read, and quicker", each(cost.plain_regexes),
    ),
    Check(
        "costly-pattern", "info", "a pattern that takes much time or memory",
        "it slows down every event with a new value of the field", each(cost.costly_patterns),
    ),
    Check(
        "repeated-name", "warning", "two rules of one name",
        "their alerts cannot be told apart", overlap.repeated_names,
    ),
    Check(
        "equivalent-rule", "warning", "two rules that match the same",
        "everything is reported twice", overlap.equivalent_rules,
    ),
    Check(
        "subsumed-rule", "info", "a rule that matches nothing another does not match",
        "every alert of it comes with one of the other", overlap.subsumed_rules,
    ),
    Check(
        "risk-severity", "warning", "a risk score that does not go with the severity",
        "alerts sorted by one come in another order than by the other", each(parameters.risk_and_severity),
    ),
    Check(
        "duplicate-tag", "warning", "a tag that is there twice",
        "another tag may have been meant", each(parameters.duplicate_tags),
    ),
    Check(
        "unknown-parameter", "warning", "a parameter that looks like a misspelt one",
        "it has no effect", each(parameters.unknown_parameters),
    ),
    Check(
        "ignored-index", "warning", "an index pattern that deckwatch leaves out",
        "the rule may read less than it should", each(parameters.ignored_patterns),
    ),
    Check(
        "redundant-index", "info", "an index pattern that another one covers",
        "it changes nothing", each(parameters.redundant_patterns),
    ),
    Check(
        "loose-placeholder", "warning", "a placeholder in the note that nothing stands for",
        "readers see `$osquery_0` where a query should be", each(parameters.loose_placeholders),
    ),
    Check(
        "unused-transform", "warning", "an entry of `[transform]` that no placeholder stands for",
        "readers never see what was written for them", each(parameters.unused_transforms),
    ),
    Check(
        "timeline-pair", "warning", "id and title of a timeline that do not go together",
        "alerts open in another timeline than they say, or in none", each(parameters.timelines),
    ),
    Check(
        "max-signals", "warning", "more alerts in a run than Kibana makes",
        "alerts beyond its limit are lost there", each(parameters.many_signals),
    ),
    Check(
        "data-view", "warning", "a data view beside `index`",
        "Kibana and deckwatch may read different events", each(parameters.data_views),
    ),
    Check(
        "exception-removes-all", "error", "an exception that takes away whatever the rule can match",
        "the rule is silent whatever happens", each(exceptions.removes_all),
    ),
    Check(
        "exception-stage", "info", "an exception that some stages of a sequence cannot meet",
        "it takes single events away, and the sequence may complete with others", each(exceptions.stages_spared),
    ),
    Check(
        "exception-expired", "warning", "an exception that has expired",
        "it does nothing any more, and what it kept away is reported again", exceptions.expired,
    ),
    Check(
        "exception-field", "warning", "an exception on a field that no schema has",
        "it removes nothing; excluded entries remove everything", exceptions.unknown_fields,
    ),
    Check(
        "attack-missing", "info", "a rule without ATT&CK mapping",
        "it is missing in coverage reports", each(attack.missing),
    ),
    Check(
        "attack-id", "warning", "an ATT&CK id, name or reference that does not fit the others",
        "coverage reports count it wrongly, or not at all", each(attack.wrong),
    ),
    Check(
        "attack-tactic", "warning", "a technique below a tactic it does not belong to",
        "coverage reports show it in the wrong column", each(attack.misplaced),
    ),
    Check(
        "attack-repeated", "info", "a tactic that is there twice",
        "some readers of the mapping keep only one of them", each(attack.repeated),
    ),
    Check(
        "repository-identity", "error", "file name, `rule_id` or name of another form than the repository's",
        "the repository's tests refuse the rule", each(conventions.identity), "detection-rules",
    ),
    Check(
        "repository-dates", "error", "a date that is missing, of another form, or before the one of creation",
        "the repository's tests refuse the rule", each(conventions.dates), "detection-rules",
    ),
    Check(
        "repository-metadata", "error", "a TOML file without maturity or author, or with a misspelt key",
        "the repository's tests refuse the rule", each(conventions.metadata), "detection-rules",
    ),
    Check(
        "repository-timestamp", "error", "a rule on single events without `timestamp_override`",
        "events that come late are missed by scheduled runs", each(conventions.timestamp_override), "detection-rules",
    ),
    Check(
        "repository-window", "error", "a `from` that is missing, too short for the sequence, or has another form",
        "scheduled runs see only a part of the sequence", each(conventions.window), "detection-rules",
    ),
    Check(
        "repository-tactic-tag", "warning", "no tag for the first tactic",
        "the repository's tests refuse the rule", each(conventions.tactic_tags), "detection-rules",
    ),
    Check(
        "repository-stream-tag", "warning", "no tag for a data source",
        "the repository's tests refuse the rule", each(conventions.stream_tags), "detection-rules",
    ),
    Check(
        "repository-guide", "warning", "an investigation guide that does not go with name or tags",
        "the repository's tests refuse the rule", each(conventions.guide), "detection-rules",
    ),
    Check(
        "repository-building-block", "warning", "a building block without tag or folder, or these without one",
        "the repository's tests refuse the rule", each(conventions.building_blocks), "detection-rules",
    ),
    Check(
        "repository-version", "error", "a feature that `min_stack_version` does not have",
        "older stacks refuse the rule", each(conventions.versions), "detection-rules",
    ),
    Check(
        "repository-interval", "warning", "a rule that runs often for the length of its sequence",
        "each event is read many times over", each(schedule.intervals), "detection-rules",
    ),
    Check(
        "repository-building-block-timing", "error", "a building block that runs often, or reads little",
        "the repository's tests refuse the rule", each(schedule.building_block_timing), "detection-rules",
    ),
    Check(
        "repository-sequence-timestamp", "warning", "a sequence with `timestamp_override`",
        "runs choose events by one time and order them by another", each(schedule.sequence_timestamp),
        "detection-rules",
    ),
    Check(
        "repository-max-signals", "warning", "`max_signals` of 1000 without a word on it",
        "users cannot know that a setting of Kibana limits it", each(schedule.explained_signals), "detection-rules",
    ),
    Check(
        "repository-suppression", "error", "suppression without `missing_fields_strategy`",
        "the repository's tests refuse the rule", each(schedule.suppression_strategy), "detection-rules",
    ),
    Check(
        "repository-source", "error", "a rule with neither or both of `index` and `data_view_id`",
        "the repository's tests refuse the rule", each(conventions.source), "detection-rules",
    ),
    Check(
        "repository-numbering", "error", "`version` or `revision` in a TOML file",
        "the repository counts by itself", each(conventions.numbering), "detection-rules",
    ),
    Check(
        "repository-deprecation", "error", "signs of a deprecated rule on one that is not",
        "the repository's tests refuse the rule", each(conventions.deprecation), "detection-rules",
    ),
    Check(
        "repository-stack-comment", "warning", "`min_stack_version` without a comment",
        "nobody knows when it may be lowered", each(conventions.stack_comments), "detection-rules",
    ),
    Check(
        "repository-integration", "warning", "a data stream of a package that `integration` does not name",
        "users are not told which integration the rule needs", each(conventions.integrations), "detection-rules",
    ),
    Check(
        "repository-os", "error", "a rule in the folder of an operating system that does not say so itself",
        "it runs over the events of others, too", each(conventions.operating_system), "detection-rules",
    ),
    Check(
        "repository-tag-form", "warning", "a tag of another form than the repository's",
        "filters by tag do not find the rule", each(texts.tag_forms), "detection-rules",
    ),
    Check(
        "repository-triage", "warning", "a grave rule without a section on triage",
        "whoever gets the alert is left alone with it", each(texts.triage), "detection-rules",
    ),
    Check(
        "repository-setup", "warning", "a setup section of another form, or in two places",
        "the build does not find it, or shows it twice", each(texts.setup_headings), "detection-rules",
    ),
    Check(
        "repository-plugin-text", "error", "rendered plugin text in a note",
        "the repository's tests refuse the rule", each(texts.plugin_text), "detection-rules",
    ),
    Check(
        "repository-license", "error", "a license that is not the repository's",
        "the repository's tests refuse the rule", each(texts.license_text), "detection-rules",
    ),
)  # fmt: skip
"""In the order of the documentation; the order of findings is that of the rules."""

BY_CODE: Mapping[str, Check] = {check.code: check for check in CHECKS}
