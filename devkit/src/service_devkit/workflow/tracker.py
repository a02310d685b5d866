"""The state of the tasks of a specification: `tasks.md` and `NOTES.md`, which change together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service_devkit.workflow.command import Refused
from service_devkit.workflow.git import Git
from service_devkit.workflow.journal import changing
from service_devkit.workflow.notes import Commit, Entry, entries, phase_of, with_entry
from service_devkit.workflow.plans import read_plan
from service_devkit.workflow.repository import Repository
from service_devkit.workflow.specs import spec_folder
from service_devkit.workflow.tasks import Plan, State, Task, faults, parse, written


@dataclass(frozen=True)
class Read:
    """What the two files say."""

    plan: Plan
    tasks: Sequence[Task]
    notes: str

    def task(self, name: str) -> Task:
        """The task of an id.

        Raises:
            Refused: there is none.
        """
        found = next((each for each in self.tasks if each.id == name.upper()), None)
        if found is None:
            raise Refused(f"there is no task {name}", then="devkit task status, which lists them")
        return found

    def entry(self, task: Task) -> Entry | None:
        """What was noted last of a task."""
        return entries(self.notes, self.tasks).get(task.text)

    def open_before(self, task: Task) -> list[Task]:
        """The tasks that must be done before this one and are not."""
        return [each for each in self.tasks if each.id in task.after and not each.done]


class Tracker:
    """The tasks of one specification in one worktree."""

    def __init__(self, repository: Repository, spec: str | None) -> None:
        self.repository = repository
        self.folder = spec_folder(repository, spec)
        self.tasks, self.notes = self.folder / "tasks.md", self.folder / "NOTES.md"

    @property
    def name(self) -> str:
        """What git calls this worktree."""
        return self.repository.private("task.lock").parent.name.lstrip(".")

    def read(self) -> Read:
        """What the two files say now.

        Raises:
            Refused: there are no tasks, or they are not in order.
        """
        with changing(self.repository):
            return self._read()

    def change(self, task: Task, *, state: State, entry: Entry) -> Task:
        """Give a task a state, and note why: both, or neither."""
        return self.change_all([task], state=state, entry_of=lambda each: replace(entry, task=each))[0]

    def change_all(self, tasks: Sequence[Task], *, state: State, entry_of: Callable[[Task], Entry]) -> list[Task]:
        """The same for several."""
        texts = {each.text for each in tasks}
        with changing(self.repository) as journal:
            now = self._read()  # somebody may have changed another task since
            changed = [replace(each, state=state) if each.text in texts else each for each in now.tasks]
            found, notes = [each for each in changed if each.text in texts], now.notes
            for each in found:
                notes = with_entry(notes, entry_of(each), title=now.plan.title)
            journal.replace({self.notes: notes, self.tasks: written(changed, now.plan)})
        return found

    def paths(self) -> list[str]:
        """The two files, as git names them."""
        return [path.relative_to(self.repository.top).as_posix() for path in (self.tasks, self.notes)]

    def _read(self) -> Read:
        if not self.tasks.exists():
            raise Refused(f"{self.tasks} is not there", then="devkit tasks")
        plan, tasks = read_plan(self.folder / "plan.md"), parse(self.tasks.read_text(encoding="utf-8"))
        if wrong := faults(tasks, plan):
            raise Refused(
                f"{self.tasks.relative_to(self.repository.root)} has {len(wrong)} faults",
                then="correct it, or devkit tasks to write it again",
                details=wrong,
            )
        return Read(plan, tasks, self.notes.read_text(encoding="utf-8") if self.notes.exists() else "")


def now() -> str:
    """The time, to a second."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def commits_of(repository: Repository, names: Sequence[str]) -> list[Commit]:
    """Commits of this branch, oldest first, with their phases.

    Raises:
        Refused: one is none, or is not of this branch, or green comes before red.
    """
    git, main = repository.git, repository.settings.main
    ids = [_commit(git, name, main) for name in names]
    order = git.lines("rev-list", "--topo-order", "--reverse", "HEAD")
    found = []
    for each in sorted(dict.fromkeys(ids), key=order.index):
        subject = git("log", "-1", "--format=%s", each)
        found.append(Commit(each, phase_of(subject), subject))
    phases = [each.phase for each in found]
    if "red" in phases and "green" in phases and phases.index("green") < phases.index("red"):
        green, red = found[phases.index("green")], found[phases.index("red")]
        raise Refused(
            f"{green.commit[:9]} (green) comes before {red.commit[:9]} (red)",
            then="name the failing test that came before it; where there is none, write one that fails without the change",
        )
    return found


def _commit(git: Git, name: str, main: str) -> str:
    found = git.commit(name)
    if found is None:
        raise Refused(f"{name} is no commit", then="git log --oneline, and name one of this branch")
    on_main = git("branch", "--show-current") != main and git.has_branch(main) and git.is_ancestor(found, main)
    if on_main or not git.is_ancestor(found, "HEAD"):
        where = f"on {main} already" if on_main else "not on this branch"
        raise Refused(f"{name} is {where}", then="git log --oneline, and name a commit that was made for this task")
    return found


def files_of(repository: Repository, commits: Sequence[Commit]) -> list[str]:
    """The files that commits change."""
    show = ("diff-tree", "--root", "--no-commit-id", "--name-only", "-r")
    return sorted({name for each in commits for name in repository.git.lines(*show, each.commit)})
