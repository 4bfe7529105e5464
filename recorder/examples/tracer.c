/*
 * A small tracer: runs a program and writes its system calls into a DataSeries trace.
 *
 *     tracer TRACE PROGRAM [ARGUMENT...]
 *
 * It follows all that the program creates, and ends with the program's exit status. What is recorded of
 * each call is the plugins' affair (REPLAYER_PLUGINS names their folders); all that a tracer has to know
 * is when calls are entered and left, and how memory is read.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "strace2ds.h"

enum { OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL };

static strace2ds_trace *trace;

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "tracer: %s: %s\n", what, why);
	exit(2);
}

/* Complains once in a while; a tracer goes on. */
static void
check(strace2ds_status status)
{
	static int told;
	if (status != STRACE2DS_OK && told++ < 10)
		fprintf(stderr, "tracer: %s\n", strace2ds_message());
}

static int64_t
now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static size_t
read_memory(void *context, uint64_t address, void *buffer, size_t length)
{
	struct iovec local = { buffer, length };
	struct iovec remote = { (void *) (uintptr_t) address, length };
	ssize_t count = process_vm_readv(*(pid_t *) context, &local, 1, &remote, 1, 0);
	return count < 0 ? 0 : (size_t) count;
}

/* The process that thread `task` belongs to, and the one that made that. */
static void
tell_of(pid_t task)
{
	char path[64], line[256];
	int process = task, parent = 0;
	snprintf(path, sizeof path, "/proc/%d/status", (int) task);
	FILE *status = fopen(path, "r");
	while (status && fgets(line, sizeof line, status)) {
		sscanf(line, "Tgid: %d", &process);
		sscanf(line, "PPid: %d", &parent);
	}
	if (status)
		fclose(status);
	check(strace2ds_task(trace, task, process, parent));
}

/* A call is entered or left. */
static void
call(pid_t task)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, task, (void *) sizeof info, &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		uint64_t arguments[6];
		memcpy(arguments, info.entry.args, sizeof arguments);
		check(strace2ds_enter(trace, task, (uint32_t) info.entry.nr, arguments,
		                      info.instruction_pointer, now(), read_memory, &task));
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		int error = info.exit.is_error ? (int) -info.exit.rval : 0;
		check(strace2ds_exit(trace, task, info.exit.rval, error, now(), read_memory, &task));
	}
}

static pid_t
start(char **words)
{
	pid_t child = fork();
	if (child < 0)
		fail("fork", strerror(errno));
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(words[0], words);
		perror(words[0]);
		_exit(127);
	}
	if (waitpid(child, NULL, 0) < 0 || ptrace(PTRACE_SETOPTIONS, child, 0, OPTIONS) < 0)
		fail("ptrace", strerror(errno));
	return child;
}

int
main(int count, char **words)
{
	if (count < 3)
		fail("usage", "tracer TRACE PROGRAM [ARGUMENT...]");
	pid_t first = start(words + 2);
	strace2ds_options options = { .size = sizeof options };
	options.tracer = "tracer, an example of libstrace2ds";
	options.first_task = first;
	if (strace2ds_create(words[1], &options, &trace) != STRACE2DS_OK) {
		kill(first, SIGKILL);
		fail(words[1], strace2ds_message());
	}
	tell_of(first);
	ptrace(PTRACE_SYSCALL, first, 0, 0);

	int end = 0, status;
	pid_t task;
	while ((task = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (task == first)
				end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			check(WIFEXITED(status) ? strace2ds_end(trace, task, WEXITSTATUS(status), 0)
			                        : strace2ds_end(trace, task, 0, WTERMSIG(status)));
			continue;
		}
		int signal = WSTOPSIG(status), event = status >> 16;
		if (signal == (SIGTRAP | 0x80)) {
			call(task);
			signal = 0;
		} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		           event == PTRACE_EVENT_CLONE) {
			unsigned long child;
			if (ptrace(PTRACE_GETEVENTMSG, task, 0, &child) == 0)
				tell_of((pid_t) child);
			signal = 0;
		} else if (event != 0 || signal == SIGSTOP) {
			/* A new task's first stop, or the program has been replaced. */
			signal = 0;
		}
		ptrace(PTRACE_SYSCALL, task, 0, (void *) (long) signal);
	}
	if (strace2ds_close(trace) != STRACE2DS_OK)
		fail(words[1], strace2ds_message());
	return end;
}
