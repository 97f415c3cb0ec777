"""Tells Signalbox what happens in a playbook, as data: one JSON object a line,
into the named pipe that SIGNALBOX_EVENTS names.

It prints nothing and changes nothing, whatever other callbacks are configured,
and no fault of its own reaches the run. A full pipe makes it wait, so nothing is
lost; a pipe that nobody reads any more makes it fall silent. It runs with
ansible-core 2.14 and newer.

The keys of the lines are described with the Go type that reads them,
ansibleresult.Event.
"""
from __future__ import annotations

import difflib
import fcntl
import functools
import json
import os
import time

from ansible.plugins.callback import CallbackBase

try:
    from ansible.release import __version__ as CORE
except ImportError:  # the version is a nicety
    CORE = ''

DOCUMENTATION = '''
    name: signalbox_events
    type: aggregate
    short_description: tells Signalbox what happens
    description:
        - Writes plays, tasks and results as JSON lines into the named pipe that
          the environment variable SIGNALBOX_EVENTS names. Without it, it does nothing.
'''

# Longer texts are cut here. It is far more than Signalbox keeps, because it
# hides secrets before it cuts, and must not be given the half of one.
TEXT = 64 * 1024
# A comparison takes time with the square of what is compared.
DIFF_SOURCE = 200 * 1000
DIFF_LINES = 5000
ITEM_ERRORS = 5


def quiet(method):
    """Keeps a fault of ours away from the run."""
    @functools.wraps(method)
    def call(self, *args, **kwargs):
        if self._pipe is None:
            return
        try:
            method(self, *args, **kwargs)
        except Exception:  # pylint: disable=broad-except
            self._faults += 1
    return call


def of(result, name):
    """An attribute of a result: public since ansible-core 2.19, before that
    with an underscore."""
    value = getattr(result, name, None)
    if value is None:
        value = getattr(result, '_' + name)
    return value


def text(value):
    if value is None:
        return ''
    if isinstance(value, bytes):
        value = value.decode('utf-8', 'replace')
    if not isinstance(value, str):
        try:
            value = json.dumps(value, default=str, sort_keys=True)
        except (TypeError, ValueError):
            value = str(value)
    return str(value)


def is_true(value):
    return value is True or (isinstance(value, str) and value.lower() in ('true', 'yes', '1'))


def is_meta(task):
    """Whether the task only steers the play and does nothing on a host."""
    return text(task.action) in ('meta', 'ansible.builtin.meta', 'ansible.legacy.meta')


class CallbackModule(CallbackBase):

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'signalbox_events'
    CALLBACK_NEEDS_ENABLED = False  # it is loaded from where it lies

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._pipe = None
        self._faults = 0
        self._pid = os.getpid()
        self._dir = os.getcwd() + os.sep
        self._play = 0
        self._play_uuid = None
        self._task = 0
        self._rows = {}     # uuid of a task -> its rows, each [number, bits of the hosts that are done, start]
        self._bits = {}     # host -> bit
        self._started = {}  # (host, uuid) -> start
        self._items = {}    # (host, uuid) -> [ok, changed, failed, skipped, texts of errors]
        # Put back as it was, so that a playbook which this one runs does not join
        # in, and finds its own callbacks.
        path = os.environ.pop('SIGNALBOX_EVENTS', '')
        before = os.environ.pop('SIGNALBOX_CALLBACK_PLUGINS', None)
        if before:
            os.environ['ANSIBLE_CALLBACK_PLUGINS'] = before
        elif before is not None:
            os.environ.pop('ANSIBLE_CALLBACK_PLUGINS', None)
        try:
            if not path:
                raise OSError('no pipe')
            # Without a reader this fails rather than waits.
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            flags = fcntl.fcntl(pipe, fcntl.F_GETFL)
            fcntl.fcntl(pipe, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)
            self._pipe = pipe
        except Exception:  # pylint: disable=broad-except
            self.disabled = True

    def _emit(self, kind, **fields):
        if os.getpid() != self._pid:
            return  # a worker: only the main process tells
        event = {'k': kind, 't': int(time.time() * 1000)}
        event.update((k, v) for k, v in fields.items() if v not in (None, '', 0, False))
        line = (json.dumps(event, separators=(',', ':'), default=str) + '\n').encode('ascii')
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(self._pipe, view):]
        except OSError:
            self._pipe = None  # nobody listens any more
            self.disabled = True

    def _cut(self, value, tail=False):
        """The text, and whether something of it is missing."""
        value = text(value)
        if len(value) <= TEXT:
            return value, False
        return (value[-TEXT:] if tail else value[:TEXT]), True

    # Plays and tasks.

    @quiet
    def v2_playbook_on_start(self, playbook):
        name = os.path.basename(text(getattr(playbook, '_file_name', '')))
        self._emit('start', n=name, v=text(CORE))

    @quiet
    def v2_playbook_on_play_start(self, play):
        # With "serial", a play begins once for every batch of hosts.
        if play._uuid == self._play_uuid:
            return
        self._play_uuid = play._uuid
        self._play += 1
        self._rows, self._bits, self._started, self._items = {}, {}, {}, {}
        self._emit('play', p=self._play, n=self._cut(play.get_name())[0].strip(),
                   y=text(getattr(play, 'strategy', '')), x=is_true(getattr(play, 'check_mode', False)))

    @quiet
    def v2_playbook_on_no_hosts_matched(self):
        self._emit('note', p=self._play, s='no_hosts_matched')

    @quiet
    def v2_playbook_on_no_hosts_remaining(self):
        self._emit('note', p=self._play, s='no_hosts_remaining')

    @quiet
    def v2_playbook_on_task_start(self, task, is_conditional):
        if not is_meta(task):
            self._row(task)

    @quiet
    def v2_playbook_on_handler_task_start(self, task):
        if not is_meta(task):
            self._row(task, handler=True)

    def _row(self, task, handler=False):
        """The rows of a task. Strategies tell of it once, once for every batch,
        or once for every host."""
        rows = self._rows.get(task._uuid)
        if rows is None:
            rows = self._rows[task._uuid] = [self._new_row(task, handler)]
        return rows

    def _new_row(self, task, handler):
        self._task += 1
        path = text(task.get_path())
        if path.startswith(self._dir):
            path = path[len(self._dir):]
        self._emit('task', p=self._play, i=self._task, n=self._cut(task.get_name())[0].strip(),
                   a=text(task.action), f=path, r=handler)
        return [self._task, 0, time.monotonic(), handler]

    def _place(self, task, host):
        """The row in which the host comes next. A task that a host does again,
        like a handler that is notified twice, gets another row."""
        bit = self._bits.setdefault(host, 1 << len(self._bits))
        rows = self._row(task)
        for row in rows:
            if not row[1] & bit:
                return row, bit
        row = self._new_row(task, rows[0][3])
        rows.append(row)
        return row, bit

    @quiet
    def v2_runner_on_start(self, host, task):
        self._started[(host.get_name(), task._uuid)] = time.monotonic()

    # Results.

    @quiet
    def v2_runner_on_ok(self, result):
        self._result(result, 'ok')

    @quiet
    def v2_runner_on_skipped(self, result):
        self._result(result, 'skipped')

    @quiet
    def v2_runner_on_unreachable(self, result):
        self._result(result, 'unreachable', ignored=is_true(getattr(of(result, 'task'), 'ignore_unreachable', False)))

    @quiet
    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result(result, 'failed', ignored=bool(ignore_errors),
                     rescued=not ignore_errors and rescued(of(result, 'task')))

    def _result(self, result, status, ignored=False, rescued=False):
        task, res, host = of(result, 'task'), of(result, 'result'), of(result, 'host').get_name()
        if is_meta(task):
            return  # ansible tells of skipped ones, but does not count them
        key = (host, task._uuid)
        row, bit = self._place(task, host)
        row[1] |= bit
        began = self._started.pop(key, row[2])
        items = self._items.pop(key, None)
        fields = {
            'p': self._play, 'i': row[0], 'h': host, 's': status,
            'd': max(0, int((time.monotonic() - began) * 1000)),
            'c': is_true(res.get('changed')), 'g': ignored, 'e': rescued,
            'w': res.get('attempts') if isinstance(res.get('attempts'), int) else 0,
        }
        delegate = getattr(task, 'delegate_to', None)
        if delegate and text(delegate) != host:
            fields['o'] = self._cut(delegate)[0]
        if items:
            fields['j'] = items[:4]
        if hidden(task, res):
            fields['m'] = 'hidden, because no_log is set' if status in ('failed', 'unreachable') else ''
        else:
            self._explain(fields, status, res, items)
        self._emit('result', **fields)

    def _explain(self, fields, status, res, items):
        message = text(res.get('msg'))
        if status == 'skipped':
            condition = res.get('false_condition')
            message = 'when: ' + text(condition) if condition else text(res.get('skip_reason')) or message
        if status in ('failed', 'unreachable'):
            if not message:
                lines = text(res.get('exception')).strip().splitlines()
                message = lines[-1] if lines else text(res.get('reason'))
            rc = res.get('rc')
            if isinstance(rc, int) and not isinstance(rc, bool) and rc != 0:
                message += ' (exit code %d)' % rc
            if items and items[4]:
                message = '\n'.join([message] + items[4])
            for name in ('stderr', 'module_stderr', 'stdout', 'module_stdout'):
                output = text(res.get(name)).strip()
                if output and output not in message:
                    fields['z'], cut = self._cut(output, tail=True)
                    fields['u'] = cut
                    break
        fields['m'], cut = self._cut(message)
        fields['u'] = fields.get('u') or cut

    # Items of loops come one by one, before the result of their task.

    def _item(self, result, column):
        task, res = of(result, 'task'), of(result, 'result')
        key = (of(result, 'host').get_name(), task._uuid)
        items = self._items.setdefault(key, [0, 0, 0, 0, []])
        items[column] += 1
        if column == 2 and len(items[4]) < ITEM_ERRORS and not hidden(task, res):
            label = text(res.get('_ansible_item_label', res.get('item')))
            items[4].append('item %s: %s' % (label[:TEXT // ITEM_ERRORS], text(res.get('msg'))[:TEXT // ITEM_ERRORS]))

    @quiet
    def v2_runner_item_on_ok(self, result):
        self._item(result, 1 if is_true(of(result, 'result').get('changed')) else 0)

    @quiet
    def v2_runner_item_on_failed(self, result):
        self._item(result, 2)

    @quiet
    def v2_runner_item_on_skipped(self, result):
        self._item(result, 3)

    # Differences come before the result, and only when they are asked for.

    @quiet
    def v2_on_file_diff(self, result):
        task, res, host = of(result, 'task'), of(result, 'result'), of(result, 'host').get_name()
        diff = res.get('diff')
        if not diff or not is_true(res.get('changed')) or hidden(task, res):
            return
        parts = [difference(d) for d in (diff if isinstance(diff, list) else [diff]) if isinstance(d, dict)]
        shown, cut = self._cut(''.join(parts))
        if shown:
            self._emit('diff', p=self._play, i=self._place(task, host)[0][0], h=host, m=shown, u=cut)

    # The end.

    @quiet
    def v2_playbook_on_stats(self, stats):
        for host in sorted(stats.processed):
            s = stats.summarize(host)
            self._emit('stats', h=host, b=[s['ok'], s['changed'], s['unreachable'], s['failures'], s['skipped'],
                                           s.get('rescued', 0), s.get('ignored', 0)])
        self._emit('end', q=self._faults)


def hidden(task, res):
    return is_true(getattr(task, 'no_log', False)) or bool(res.get('_ansible_no_log')) or 'censored' in res


def rescued(task):
    """Whether a block around the task has a rescue for it."""
    child, parent = task, getattr(task, '_parent', None)
    while parent is not None:
        if getattr(parent, 'rescue', None) and any(
                getattr(b, '_uuid', None) == child._uuid for b in getattr(parent, 'block', None) or []):
            return True
        child, parent = parent, getattr(parent, '_parent', None)
    return False


def difference(diff):
    """What a module says it changed, as a unified diff."""
    out = []
    for name, words in (('dst_binary', 'the file on the host is binary'), ('src_binary', 'the new file is binary'),
                        ('dst_larger', 'the file on the host is too large to compare'),
                        ('src_larger', 'the new file is too large to compare')):
        if name in diff:
            out.append(words + '\n')
    if 'before' in diff and 'after' in diff:
        before, after = side(diff['before']), side(diff['after'])
        head = [('%s: %s' % (w, text(diff[w + '_header']))) if diff.get(w + '_header') else w for w in ('before', 'after')]
        if len(before) + len(after) > DIFF_SOURCE or before.count('\n') + after.count('\n') > DIFF_LINES:
            out.append('--- %s\n+++ %s\ntoo large to compare\n' % tuple(head))
        else:
            for line in difflib.unified_diff(before.splitlines(), after.splitlines(), head[0], head[1], lineterm=''):
                out.append(line + '\n')
    if 'prepared' in diff:
        out.append(text(diff['prepared']))
    return ''.join(out)


def side(value):
    if isinstance(value, str) or value is None:
        return value or ''
    try:
        return json.dumps(value, default=str, sort_keys=True, indent=4) + '\n'
    except (TypeError, ValueError):
        return str(value)
