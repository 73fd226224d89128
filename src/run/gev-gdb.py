# SPDX-License-Identifier: MIT
"""Greenlets, for gdb: what `gev run --gdb` loads, and programs on libgev can.

    info greenlets               all there are, and what they wait for
    greenlet ID                  makes it the one that bt, up, info locals and
                                 so on are about, until the program goes on
    greenlet apply ID|all CMD    does CMD for each of them

bt leaves out what gev itself does below a call; bt -no-filters has it.

One that does not run has left six registers at the end of its stack, and where
it goes on (src/switch/x86_64.S).  Frame 0 stays what the thread runs; who
called that is what the unwinder makes up here, so that nothing of the program
is changed, and that cores can be looked into as well.
"""

import itertools
import os

import gdb
import gdb.unwinder

SAVED = ('r15', 'r14', 'r13', 'r12', 'rbx', 'rbp', 'rip')
WORD = 8
ENGINE = ('libgev-run.so', 'libgev.so')
LIBC = ('libc.so',)
STATES = {0: 'new', 1: 'running', 2: 'left', 3: 'ready', 4: 'dead'}


class FrameId:
    """Of frame 0, which has to lie below all that it is said to be called by."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    """Frame 0's caller is the greenlet that was chosen."""

    def __init__(self):
        super().__init__('greenlet')
        self.stack = None  # of who was chosen
        self.top = None    # frame 0: its sp and pc

    def choose(self, stack):
        """The greenlet with this stack pointer; None: the one that runs."""
        self.stack = None
        gdb.invalidate_cached_frames()
        if stack is None:
            return
        frame = gdb.newest_frame()
        self.top = [int(frame.read_register(r)) for r in ('rsp', 'rip')]
        self.stack = stack
        gdb.invalidate_cached_frames()
        gdb.newest_frame().older().select()

    def __call__(self, pending):
        if self.stack is None or self.top != [
                int(pending.read_register(r)) for r in ('rsp', 'rip')]:
            return None
        word = gdb.lookup_type('long')
        info = pending.create_unwind_info(FrameId(
            gdb.Value(self.stack), gdb.Value(self.top[1])))
        for i, register in enumerate(SAVED):
            at = gdb.Value(self.stack + i * WORD).cast(word.pointer())
            info.add_saved_register(register, at.dereference())
        above = gdb.Value(self.stack + len(SAVED) * WORD)
        info.add_saved_register('rsp', above.cast(word))
        return info


unwinder = Unwinder()
gdb.unwinder.register_unwinder(None, unwinder, replace=True)
gdb.events.cont.connect(lambda event: unwinder.choose(None))


class Greenlet:
    """One of the hub's list."""

    def __init__(self, value, thread):
        self.id = int(value['id'])
        coro = value['coro']
        self.running = int(coro) == int(thread['current'])
        self.stack = None if self.running else int(coro['sp'])
        self.begun = int(coro['state']) != 0
        self.state = self.describe(coro)

    def describe(self, coro):
        waiter = coro['waiter']
        if not waiter:
            return STATES.get(int(coro['state']), '?')
        what = waiter['what'].string() if waiter['what'] else 'something'
        on = int(waiter['object'])
        if not on and not waiter['describe']:
            return f'waits: {what}'
        return f'waits: {what} {on if on < 1 << 20 else hex(on)}'

    def choose(self):
        unwinder.choose(self.stack)
        frame = first_outside(ENGINE)
        if self.stack is not None and frame:
            frame.select()

    def place(self):
        """Where it is in the program, as far as its frames tell."""
        self.choose()
        frame = first_outside(ENGINE + LIBC) or gdb.selected_frame()
        line = frame.find_sal()
        at = f' at {line.symtab.filename}:{line.line}' if line.symtab else ''
        return f'{frame.name() or hex(frame.pc())}{at}'


def is_in(frame, libraries):
    name = os.path.basename(gdb.solib_name(frame.pc()) or '')
    return name.startswith(libraries)


def first_outside(libraries):
    """From the selected frame on."""
    frame = gdb.selected_frame()
    while frame and is_in(frame, libraries):
        frame = frame.older()
    return frame


class OnlyTheProgram:
    """A filter of frames; if there would be none, it lets all pass."""
    name, priority, enabled = 'gev', 100, True

    @staticmethod
    def keeps(decorated):
        frame = decorated.inferior_frame()
        return not is_in(frame, ENGINE) and not (
            unwinder.stack is not None and frame == gdb.newest_frame())

    def filter(self, frames):
        left, everything = itertools.tee(frames)
        left = filter(self.keeps, left)
        first = next(left, None)
        return itertools.chain([first], left) if first else everything


def greenlets():
    try:
        thread = gdb.parse_and_eval('gev__thread')
        kind = gdb.lookup_type('struct gev_greenlet')
    except gdb.error as error:
        raise gdb.GdbError(f'No greenlets: {error}')
    if not thread or not thread['hub']:
        raise gdb.GdbError('No greenlets yet: there is one thread.')
    head = thread['hub']['greenlets'].address
    behind = next(f.bitpos // 8 for f in kind.fields() if f.name == 'all')
    found, node = [], head['next']
    while node != head:
        at = gdb.Value(int(node) - behind).cast(kind.pointer())
        found.append(Greenlet(at.dereference(), thread))
        node = node['next']
    return found


def named(word):
    if word == 'all':
        return greenlets()
    found = [g for g in greenlets() if str(g.id) == word]
    if not found:
        raise gdb.GdbError(f'No greenlet {word}.')
    return found


class InfoGreenlets(gdb.Command):
    """All greenlets: what each waits for, and where."""

    def __init__(self):
        super().__init__('info greenlets', gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        chosen = unwinder.stack
        try:
            for g in greenlets():
                mark = '*' if g.stack == chosen else ' '
                place = g.place() if g.begun else ''
                print(f'{mark} {g.id:<4} {g.state:<32} {place}')
        finally:
            unwinder.choose(chosen)


class ChooseGreenlet(gdb.Command):
    """greenlet ID, or greenlet apply ID|all COMMAND."""

    def __init__(self):
        super().__init__('greenlet', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split(None, 2)
        if len(words) == 3 and words[0] == 'apply':
            self.apply(*words[1:])
        elif len(words) == 1:
            named(words[0])[0].choose()
            gdb.execute('frame')
        else:
            raise gdb.GdbError(self.__doc__)

    @staticmethod
    def apply(word, command):
        chosen = unwinder.stack
        try:
            for g in named(word):
                print(f'\nGreenlet {g.id} ({g.state}):')
                if g.begun:
                    g.choose()
                    gdb.execute(command)
        finally:
            unwinder.choose(chosen)


gdb.frame_filters[OnlyTheProgram.name] = OnlyTheProgram()
InfoGreenlets()
ChooseGreenlet()
gdb.execute('handle SIGSYS nostop noprint pass', to_string=True)
