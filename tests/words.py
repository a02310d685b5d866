"""The words by which a trace of an answer is known, and those that a standard term has replaced."""

# Words that only someone who chose the answer may read, in file names and in files, in any case.
WORDS: dict[str, list[str]] = {
    "auth=telegram, telegram+clerk": [
        "telegram",
        r"\btma\b",
        "init[ _-]?data",
        "bot[ _-]?(token|id)s?",
        "mini[ _-]?app",
        "ed25519",
    ],
    "auth=clerk, telegram+clerk": ["clerk", "svix", "jwks"],
    "auth=jwt": ["argon2", "refresh[ _-]?token", r"\baccounts?\b", r"auth(\.| import )jwt\b", "sign[ _-]in[ _]jwt"],
    "auth=telegram+clerk": ["BySchemeAuthenticator"],
    "auth=telegram, jwt, telegram+clerk": ["AccessTokens", "ACCESS_TOKEN_"],
    "auth=telegram, clerk, jwt, telegram+clerk": [
        "dev sign-in",
        r"\bapp[./]live\b",
        r"(?-i:\bLIVE_[A-Z])",
        r"api/v1/live",
        r"live\.md",
        r"auth(\.| import )websocket",
        "websocket_protocol",
        "origin_refused",
    ],
    "auth=none": ["NoAuthenticator", r"auth(\.| import )none\b", "sign_in_none", r"gateway\.md"],
    # Addresses, and the kinds of credentials that the gate `secrets` looks for wherever a service is hosted.
    "redis=true": [r"redis(?!tribut|://)", "valkey"],
    "ci=github": [r"github(?!\.com/|\.io/|-token|_pat)", "dependabot"],
    "ci=gitlab": ["gitlab(?!-token)", "renovate"],
    # `containers = ` is a word of import-linter's.
    # The CI files have jobs of their own.
    "jobs=true": ["pgqueuer", "croniter", r"app[./]jobs", "JOB_", r"\benqueue", "run_jobs", r"jobs\.md"],
    "mail=true": ["aiosmtplib", r"\bsmtp", r"(?-i:\bMAIL_[A-Z])", r"account[ _-]links?\b", r"mail\.md"],
    # `llm` is the name of the room, of its table and of its settings.
    "llm=true": [r"(?<![a-z])llm", r"language[ _-]model", "openai_", "chat/completions", "event_stream"],
    "llm=true and example=true": [r"plan[ _]summar", r"code[ _]proposal", "EXTRACT_ASKS_MODEL", "WrittenSummary"],
    "docker=true": [r"docker(?!:$)", r"\bcompose\b", r"\bcontainers?\b(?! = )"],
    "telemetry=true": [
        r"\botlp",
        r"(?<!Open)(?<!redocly_)telemetry(?!=\{)",
        r"""(?<!")prometheus(?!\.io/)""",
        r"METRICS_PORT",
    ],
    "workflow=true": [
        r"workflow\.md",
        r"devkit[. ]workflow",
        r"debugging\.md",
        r"CONTRIBUTING\.md",
        r"docs/architecture",
        r"\bworktrees?\b",
        r"devkit (start|finish|ci|regenerate-migration|publish|worktree|spec|tasks?|adr)\b",
        r"\bjust (start|finish|ci|regenerate-migration|update|publish|adr)\b",
    ],
    "kubernetes=true": ["kuber", "kubectl", "kustomi", r"\bpods?\b(?!cast)", r"\bk8s\b"],
    "example=true": [
        "study[ _-]?plan",
        r"\bcodes\b",
        "remove[ _-]example",
        r"\bplans[:_](read|write)\b",
        r"\bextraction\b",
        r"(?-i:EXTRACT_)",
        "pypdf",
    ],
}

# Words and names that once stood here, each with the field's own. Whole words, in any case.
STANDARD_TERMS: dict[str, str] = {
    "anew": "again",
    "behold": "see",
    r"dear(?:er|est|ly)?": "expensive",
    "goodbye": "close",
    "house": "convention",
    "ListOf|ListQuery": "CursorPagination",
    r"mend(?:s|ed|ing)?": "fix",
    "PageOf|PageQuery": "Pagination",
    "admit": "authenticate",
    "(?-i:Proven)": "AuthenticatedAccount",
    r"(?-i:(?<=: )Reading|Reading(?=[,)\]`]| =))": "ReadSession",
    r"(?-i:Recent)(?=[\[(])": "TTLCache",
    r"_?recogni[sz]e[sd]?": "get_or_create_from_provider",
    r"require(?=\(Permission)": "require_permission",
    "rid": "remove",
    r"(?:at|on) first sight": "the first request",
    "shall": "will",
    r"_?told": "reported",
    r"vouch(?:es|ed|ing)?": "authenticate",
    "whereabouts": "location",
    "whoever": "anybody who",
}
