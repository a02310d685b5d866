"""`devkit finish`: a branch comes to main, or stays as it is with the next step named."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from service_devkit.workflow.command import Refused, Result, WorkflowCommand, say
from service_devkit.workflow.files import waiting, without_waiting
from service_devkit.workflow.gates import run_gates
from service_devkit.workflow.git import Git
from service_devkit.workflow.landing import (
    has_remote,
    move_main,
    push,
    put_leftovers_aside,
    refuse_changes_in_the_way,
    target,
)
from service_devkit.workflow.lint import lint_conflicts
from service_devkit.workflow.merging import Conflict, Outcome, foresee, is_merging, merge, unresolved
from service_devkit.workflow.names import HOTFIX
from service_devkit.workflow.plans import refuse_unanswered
from service_devkit.workflow.registry import Worktree
from service_devkit.workflow.repository import Repository, find_repository
from service_devkit.workflow.settle import settle, take_back
from service_devkit.workflow.state import State, StateFile
from service_devkit.workflow.summary import Summary, summarize
from service_devkit.workflow.tags import patch_release
from service_devkit.workflow.worktrees import clean_up

RESUME = "devkit finish --resume"


@dataclass(frozen=True)
class Finish:
    """The finish of one worktree. Each step looks at what is there, so a finish that was interrupted is begun again from the top."""

    repository: Repository
    worktree: Worktree
    git: Git
    file: StateFile
    remote: bool

    @property
    def root(self) -> Path:
        """The service in the worktree."""
        return self.worktree.root

    def gates(self, state: State, *, when: str) -> State:
        """Green gates for what is committed; a commit that was green is not tried again."""
        head = self.git("rev-parse", "HEAD")
        if state.green == head:
            return state
        settings = self.repository.settings
        run_gates(settings.hotfix_gates if self.worktree.kind == HOTFIX else settings.gates, self.root, when=when)
        if changed := self.git.changes():
            raise Refused("the gates changed files", then=f"commit or remove them, then {RESUME}", details=changed[:10])
        return self.file.write(state, green=head)

    def merge(self, state: State, main: str) -> State:
        """Main in the branch, with one head of migrations, committed."""
        if not is_merging(self.git):
            if self.git.is_ancestor(main, "HEAD"):
                return self.settled(state, main)
            take_back(self.repository, self.worktree, main)
            state = self.file.write(state, merging=main)
            message = f"Merge branch '{self.repository.settings.main}' into {self.worktree.branch}"
            outcome = merge(self.git, main, message)
            state = self.file.write(state, merging="", resolved=tuple(sorted({*state.resolved, *outcome.resolved})))
            refuse_conflicts(outcome, self.root)
        if left := unresolved(self.git):
            raise Refused(
                f"{len(left)} files still have conflicts",
                then=f"cd {self.git.folder}, edit them, git add, then {RESUME}; or devkit finish --abort",
                details=left,
            )
        moved = settle(
            self.git,
            self.root,
            main=self.git("rev-parse", "MERGE_HEAD"),
            service=self.worktree.service,
            resolved=state.resolved,
        )
        self.git("add", "--update")  # also what a killed finish had changed and not added
        refuse_conflicts(Outcome(lint_conflicts(self.git), [*state.resolved]), self.root)
        self.git("commit", "--quiet", "--no-edit")
        say(
            f"merge: {self.repository.settings.main} into {self.worktree.branch}, resolved: {', '.join(state.resolved) or 'nothing to resolve'}"
        )
        return self.file.write(state, merged=self.git("rev-parse", "HEAD"), moved=moved or state.moved)

    def settled(self, state: State, main: str) -> State:
        """Somebody merged main by hand: the migrations may need their place all the same."""
        take_back(self.repository, self.worktree, main)
        moved = settle(self.git, self.root, main=main, service=self.worktree.service, resolved=())
        if not self.git.changes():
            return state
        self.git("commit", "--quiet", "--message", "fix(migrations): follow those of the main branch")
        return self.file.write(state, moved=moved)

    def land(self, state: State, main: str) -> State:
        """Main moved to the branch. Returns a state that has not landed where main moved meanwhile: then all is done once more."""
        head, name = self.git("rev-parse", "HEAD"), self.repository.settings.main
        with waiting(self.repository.state_folder / "main.lock"):
            if target(self.repository, remote=self.remote) != main:
                say(f"{name} moved meanwhile: once more")
                return state
            interrupted = state.landing == head
            if not interrupted:
                refuse_changes_in_the_way(self.repository, head)
            state = self.file.write(state, old_main=state.old_main if interrupted else main, landing=head)
            if self.remote and (said := push(self.repository, head, name)):
                return self._rejected(state, main, said)
            move_main(self.repository, head, interrupted=interrupted)
        say(f"{name} is at {head[:9]}")
        return self.file.write(state, landed=True)

    def _rejected(self, state: State, main: str, said: str) -> State:
        if target(self.repository, remote=True) != main:
            return self.file.write(state, landing="")
        raise Refused(
            f"the remote refused the push, and nothing was merged: {said}",
            then=f"{RESUME} when it allows it; or devkit finish --pull-request",
        )


def refuse_conflicts(outcome: Outcome, root: Path) -> None:
    """Refuse where a person must decide, with every file and both sides."""
    if not outcome.conflicts:
        return
    found: list[Conflict] = outcome.conflicts
    facts = {
        "conflicts": [{"path": each.path, "kind": each.kind, "hunks": each.hunks} for each in found],
        "resolved": outcome.resolved,
    }
    raise Refused(
        f"{len(found)} files conflict with main; nothing is merged into main",
        then=f"cd {root}, edit them, git add, then {RESUME}; or devkit finish --abort",
        details=[line for each in found for line in each.lines()],
        facts=facts,
    )


@click.command(cls=WorkflowCommand)
@click.argument("name", required=False)
@click.option(
    "--resume", is_flag=True, help="Go on where a finish stopped; without the option it does so too, if one has begun."
)
@click.option(
    "--abort", is_flag=True, help="Forget a finish that has begun: take back its merge, keep branch and worktree."
)
@click.option(
    "--pull-request",
    is_flag=True,
    help="Push the branch instead of merging it, for a main branch that only takes pull requests.",
)
@click.option("--no-push", is_flag=True, help="Leave the remote alone.")
@click.option("--keep", is_flag=True, help="Leave worktree, database and branch.")
@click.option(
    "--dry-run", is_flag=True, help="Say which conflicts there will be and what would be merged; change nothing."
)
def finish(
    name: str | None, *, resume: bool, abort: bool, pull_request: bool, no_push: bool, keep: bool, dry_run: bool
) -> Result:
    """Bring a change to main: the one of worktree NAME, or of the worktree that you stand in.

    Gates, merge of main into the branch, gates again, fast-forward of main, push, and the worktree is cleaned up. Red gates or a conflict: nothing is
    merged, and the next step is printed. Conflicts are known before the first gate runs; what is safe is resolved: imports, and endpoints, models, tests
    and settings that both sides added. Migrations are put behind those of main.
    """
    repository = find_repository()
    worktree = repository.worktree(name)
    with _ready(repository, worktree, remote=not no_push) as finishing:
        state = finishing.file.read()
        if abort:
            return _abort(finishing, state, dry_run=dry_run)
        if resume and state is None:
            raise Refused(f"no finish of {worktree.name} has begun", then="devkit finish")
        if dry_run:
            return _foreseen(finishing)
        state = state or finishing.file.write(State(before=finishing.git("rev-parse", "HEAD")))
        return _pull_request(finishing, state) if pull_request else _whole(finishing, state, keep=keep)


@contextmanager
def _ready(repository: Repository, worktree: Worktree, *, remote: bool) -> Iterator[Finish]:
    file, place = StateFile(repository.state_folder, worktree.name), Path(worktree.path)
    state = file.read()
    if place.exists():
        repository = replace(repository, top=place)
    elif not (state and state.landed):
        raise Refused(f"{place} is gone", then="devkit worktree prune")
    with without_waiting(repository.lock_of(worktree.name), what=worktree.name):
        yield Finish(repository, worktree, Git(place), file, remote and has_remote(repository))


def _whole(finishing: Finish, state: State, *, keep: bool) -> Result:
    while not state.landed:
        state, main = _green(finishing, state)
        state = finishing.land(state, main)
    summary = summarize(
        finishing.repository, finishing.repository.main_git, finishing.worktree, main=state.old_main, head=state.landing
    )
    if not keep:
        os.chdir(finishing.repository.main_root)
        clean_up(finishing.repository, finishing.worktree, keep_branch=False)
    finishing.file.remove()
    return _result(finishing, state, summary, end="kept" if keep else "removed, with its database and branch")


def _green(finishing: Finish, state: State) -> tuple[State, str]:
    """The branch with main in it, and green. Returns the commit of main too."""
    _refuse_unfinished(finishing, state)
    main = target(finishing.repository, remote=finishing.remote)
    if not is_merging(finishing.git) and not finishing.git.is_ancestor(main, "HEAD"):
        if foresee(finishing.git, "HEAD", main).conflicts:
            say("conflicts with main: the gates wait until they are resolved")
        else:
            state = finishing.gates(state, when="before the merge")
    state = finishing.merge(state, main)
    return finishing.gates(state, when="after the merge" if state.merged else "before main is moved"), main


def _refuse_unfinished(finishing: Finish, state: State) -> None:
    git, worktree = finishing.git, finishing.worktree
    branch = git("branch", "--show-current")
    if branch != worktree.branch:
        raise Refused(
            f"{git.folder} is on {branch or 'no branch'}, not on {worktree.branch}",
            then=f"git switch {worktree.branch}",
        )
    if is_merging(git):
        return
    if state.merging:  # a merge that was killed before git noted it
        put_leftovers_aside(git)
    if changed := git.changes():
        raise Refused(
            f"{git.folder} has changes that are not committed",
            then="git commit or git stash, then devkit finish",
            details=changed[:10],
        )
    for note in sorted((finishing.root / "specs").glob("*/design.md")):
        refuse_unanswered(note.parent)
    main = finishing.repository.settings.main
    if not state.landing and git.is_ancestor("HEAD", main):
        raise Refused(
            f"{branch} has no commit that {main} lacks",
            then=f"commit something, or devkit worktree remove {worktree.name}",
        )


def _foreseen(finishing: Finish) -> Result:
    main = target(finishing.repository, remote=finishing.remote)
    outcome = foresee(finishing.git, "HEAD", main)
    refuse_conflicts(outcome, finishing.root)
    summary = summarize(finishing.repository, finishing.git, finishing.worktree, main=main, head="HEAD")
    facts = {"dry_run": True, "resolved": outcome.resolved, **summary.facts()}
    return Result(
        facts,
        [
            f"no conflict with {finishing.repository.settings.main}",
            f"resolved: {', '.join(outcome.resolved) or 'nothing to resolve'}",
            *summary.lines(),
        ],
    )


def _abort(finishing: Finish, state: State | None, *, dry_run: bool) -> Result:
    git, branch = finishing.git, finishing.worktree.branch
    if state is None:
        raise Refused("no finish has begun", then="devkit finish")
    if state.landed or (state.landing and git.is_ancestor(state.landing, finishing.repository.settings.main)):
        raise Refused("main has this change already", then=f"{RESUME}, which cleans up")
    if dry_run:
        lost = "its merge, with what was resolved by hand, would be taken back"
        return Result({"branch": branch, "dry_run": True}, [f"{branch}: {lost}"])
    if is_merging(git):
        git("merge", "--abort")
    elif state.merging:
        put_leftovers_aside(git)
    elif state.merged and git("rev-parse", "HEAD") == state.merged and not git.changes():
        git("reset", "--quiet", "--hard", f"{state.merged}^1")
    finishing.file.remove()
    return Result(
        {"branch": branch, "head": git("rev-parse", "HEAD")},
        [f"{branch} is as it was before, at {git('rev-parse', '--short', 'HEAD')}"],
    )


def _pull_request(finishing: Finish, state: State) -> Result:
    """Push the branch, with main in it and green."""
    if not finishing.remote:
        raise Refused(
            f"there is no remote {finishing.repository.settings.remote}",
            then="git remote add, or devkit finish without --pull-request",
        )
    state, main = _green(finishing, state)
    branch = finishing.worktree.branch
    if said := push(finishing.repository, finishing.git("rev-parse", "HEAD"), branch):
        raise Refused(f"the remote refused the push: {said}", then=f"{RESUME} --pull-request when it allows it")
    summary = summarize(finishing.repository, finishing.git, finishing.worktree, main=main, head="HEAD")
    draft = finishing.root / ".dev" / "pull-request.md"
    draft.parent.mkdir(exist_ok=True)
    draft.write_text(summary.body + "\n", encoding="utf-8")
    finishing.file.remove()
    result = _result(
        finishing, state, summary, end=f"open; once it is merged: devkit worktree remove {finishing.worktree.name}"
    )
    commands = [
        f'gh pr create --head {branch} --title "{summary.title}" --body-file {draft}',
        f'glab mr create --source-branch {branch} --title "{summary.title}" --description "$(cat {draft})"',
    ]
    return Result(
        {**result.facts, "pushed": branch},
        [*result.lines, "", "Open it with one of:", *(f"  {each}" for each in commands)],
    )


def _result(finishing: Finish, state: State, summary: Summary, *, end: str) -> Result:
    repository, worktree = finishing.repository, finishing.worktree
    is_released_next = worktree.kind == HOTFIX and state.landed
    then = (
        patch_release(repository, worktree.base, before=state.old_main, landed=state.landing)
        if is_released_next
        else None
    )
    facts = {
        **summary.facts(),
        "main": state.landing,
        "release": then,
        "pushed": finishing.remote,
        "resolved": [*state.resolved],
        "moved_migration": state.moved or None,
    }
    offer = [f"Release it: {then}"] if then else []
    return Result(facts, [*summary.lines(), "", f"The worktree {finishing.worktree.name} is {end}.", *offer])
