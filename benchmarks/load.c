/* What the containers of the sensor benchmark do. Every load prints when it ended, and its processor time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000L

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

static long now(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec * SECOND + at.tv_nsec;
}

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

static void tell(void)
{
    struct rusage own, others;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &others);
    printf("%ld %.6f\n", now(CLOCK_REALTIME),
           seconds(own.ru_utime) + seconds(own.ru_stime) + seconds(others.ru_utime) + seconds(others.ru_stime));
}

static void make(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (fd < 0 || close(fd))
        fail(path);
}

static void take_away(const char *path)
{
    if (unlink(path))
        fail(path);
}

static void wait_for(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status)
        fail("a program that was started");
}

/* Two records, three events: creation, open, deletion. In memory, so that the file system is not what is measured. */
static void file_comes_and_goes(long turn)
{
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/file-%ld", turn);
    make(path);
    take_away(path);
}

/* Three records, four events; every tenth time a program as well: three of both. */
static void work(long turn)
{
    char path[64], final[64];
    pid_t child;
    snprintf(path, sizeof path, "/tmp/part-%ld", turn % 1000);
    snprintf(final, sizeof final, "/tmp/whole-%ld", turn % 1000);
    make(path);
    if (rename(path, final))
        fail(path);
    take_away(final);
    if (turn % 10)
        return;
    if (!(child = vfork())) {
        execl("/bin/load", "load", "nothing", final, (char *)0);
        _exit(127);
    }
    wait_for(child);
}

/* What the rules under `probes` wait for. */
static void probe(long turn)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/probe-%ld", turn);
    make(path);
    take_away(path);
}

/* Do it so often per second, as often as possible for 0, and let a probe fly 20 times a second among it. */
static void paced(void (*act)(long), long rate, double length)
{
    long began = now(CLOCK_MONOTONIC), end = began + (long)(length * SECOND), at, done = 0, probes = 0;
    while ((at = now(CLOCK_MONOTONIC)) < end) {
        double passed = (double)(at - began) / SECOND;
        long due = rate ? (long)(passed * rate) : done + 100;
        if (done >= due)
            usleep(500);
        for (; done < due; done++)
            act(done);
        if (probes < (long)(passed * 20))
            probe(probes++);
    }
}

/* Run a command to its end. */
static void timed(char **command)
{
    pid_t child = fork();
    if (!child) {
        execvp(command[0], command);
        fail(command[0]);
    }
    wait_for(child);
}

int main(int count, char **words)
{
    const char *command = count > 1 ? words[1] : "";
    if (!strcmp(command, "nothing"))
        return 0;
    if (!strcmp(command, "files") && count == 4)
        paced(file_comes_and_goes, atol(words[2]), atof(words[3]));
    else if (!strcmp(command, "mixed") && count == 4)
        paced(work, atol(words[2]), atof(words[3]));
    else if (!strcmp(command, "time") && count > 2)
        timed(words + 2);
    else {
        fprintf(stderr, "usage: load files|mixed RATE SECONDS, or load time COMMAND...\n");
        return 2;
    }
    tell();
    return 0;
}
