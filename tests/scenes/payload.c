/* Does to the kernel exactly what a test says, one command after the other: those of its arguments, else of the lines
 * of standard input. Exits with 0, or with 100 at the first command that fails, telling which on standard error. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 8
extern char **environ;
static void run(char *command);

static int done(int fd) { return fd < 0 ? -1 : close(fd); }
static int number(const char *word) { return word ? (int)strtol(word, NULL, 0) : 0; }

/* Opening */
static int make(char **w) { return done(open(w[1], O_CREAT | O_EXCL | O_WRONLY, w[2] ? number(w[2]) : 0644)); }
static int open_or_make(char **w) { return done(open(w[1], O_CREAT | O_WRONLY, 0644)); }
static int overwrite(char **w) { return done(open(w[1], O_CREAT | O_TRUNC | O_WRONLY, 0644)); }
static int empty(char **w) { return done(open(w[1], O_TRUNC)); }
static int append(char **w) { return done(open(w[1], O_APPEND | O_WRONLY)); }
static int look(char **w) { return done(open(w[1], O_RDONLY)); }
static int make_at(char **w)
{
    int dir = open(w[1], O_DIRECTORY), fd = openat(dir, w[2], O_CREAT | O_EXCL | O_WRONLY, 0644);
    return done(dir) | done(fd);
}
static int make_32(char **w)
{
    static char path[4096]; /* static data of a static program lies below 4 GiB, where 32-bit calls can reach it */
    long fd;
    strcpy(path, w[1]);
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(fd) : "a"(5L), "b"(path), "c"((long)(O_CREAT | O_WRONLY)), "d"(0644L) : "memory");
#else
    fd = open(path, O_CREAT | O_WRONLY, 0644);
#endif
    return done((int)fd);
}
static int remove_32(char **w)
{
    static char path[4096];
    long result;
    strcpy(path, w[1]);
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(10L), "b"(path) : "memory");
#else
    result = unlink(path);
#endif
    return result < 0 ? -1 : 0;
}
static int make_ring(char **w)
{
    struct io_uring_params p = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 1, &p);
    if (ring < 0)
        return -1;
    char *queue = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_cqe *answers;
    char *answered = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof *answers, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
    struct io_uring_sqe *asked = mmap(NULL, sizeof *asked, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    *asked = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)w[1],
                                   .len = 0644, .open_flags = O_CREAT | O_EXCL | O_WRONLY};
    ((unsigned *)(queue + p.sq_off.array))[0] = 0;
    __atomic_store_n((unsigned *)(queue + p.sq_off.tail), 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
        return -1;
    answers = (struct io_uring_cqe *)(answered + p.cq_off.cqes);
    errno = -answers[0].res;
    return done(answers[0].res) | done(ring);
}

/* Names */
static int take(char **w) { return unlink(w[1]); }
static int take_at(char **w)
{
    int dir = open(w[1], O_DIRECTORY), result = unlinkat(dir, w[2], 0);
    return done(dir) | result;
}
static int move(char **w) { return rename(w[1], w[2]); }
static int move_new(char **w) { return renameat2(AT_FDCWD, w[1], AT_FDCWD, w[2], RENAME_NOREPLACE); }
static int exchange(char **w) { return renameat2(AT_FDCWD, w[1], AT_FDCWD, w[2], RENAME_EXCHANGE); }
static int move_at(char **w)
{
    int from = open(w[1], O_DIRECTORY), to = open(w[3], O_DIRECTORY), result = renameat(from, w[2], to, w[4]);
    return done(from) | done(to) | result;
}
static int hard_link(char **w) { return link(w[1], w[2]); }
static int soft_link(char **w) { return symlink(w[1], w[2]); }
static int node(char **w) { return mknod(w[1], S_IFREG | 0644, 0); }
static int directory(char **w) { return mkdir(w[1], 0755); }
static int directories(char **w)
{
    for (char *slash = strchr(w[1] + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(w[1], 0755) && errno != EEXIST)
            return -1;
        *slash = '/';
    }
    return mkdir(w[1], 0755);
}
static int take_directory(char **w) { return rmdir(w[1]); }
static int unnamed(char **w) /* O_TMPFILE in a directory, then named */
{
    int fd = open(w[1], O_TMPFILE | O_WRONLY, 0755);
    char itself[32];
    snprintf(itself, sizeof itself, "/proc/self/fd/%d", fd);
    return fd < 0 ? -1 : linkat(AT_FDCWD, itself, AT_FDCWD, w[2], AT_SYMLINK_FOLLOW) | close(fd);
}
static int unnamed_fd(char **w)
{
    int fd = open(w[1], O_TMPFILE | O_WRONLY, 0755);
    return fd < 0 ? -1 : linkat(fd, "", AT_FDCWD, w[2], AT_EMPTY_PATH) | close(fd);
}

/* Contents and modes */
static int mode(char **w) { return chmod(w[2], (mode_t)number(w[1])); }
static int mode_fd(char **w)
{
    int fd = open(w[2], O_RDONLY), result = fchmod(fd, (mode_t)number(w[1]));
    return done(fd) | result;
}
static int mode_at(char **w)
{
    int dir = open(w[2], O_DIRECTORY), result = fchmodat(dir, w[3], (mode_t)number(w[1]), 0);
    return done(dir) | result;
}
static int cut(char **w) { return truncate(w[1], 0); }
static int cut_fd(char **w)
{
    int fd = open(w[1], O_WRONLY), result = ftruncate(fd, 0);
    return done(fd) | result;
}
static int copy_into(int to)
{
    static char bytes[1 << 16];
    int from = open("/proc/self/exe", O_RDONLY);
    ssize_t n;
    while ((n = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)n) != n)
            return -1;
    return n < 0 ? -1 : close(from);
}
static int copy_itself(char **w)
{
    int to = open(w[1], O_CREAT | O_EXCL | O_WRONLY, 0755);
    return to < 0 ? -1 : copy_into(to) | close(to);
}

/* Where the process stands, and who it is */
static int change(char **w) { return chdir(w[1]); }
static int change_root(char **w) { return chroot(w[1]); }
static int session(char **w) { (void)w; return setsid() < 0 ? -1 : 0; }
static int user(char **w) { return setgid((gid_t)number(w[1])) | setuid((uid_t)number(w[1])); }

/* Programs */
static int become(char **w) { return execv(w[1], w + 1); }
static int become_memory(char **w)
{
    int fd = memfd_create(w[1], MFD_CLOEXEC);
    return fd < 0 || copy_into(fd) ? -1 : fexecve(fd, w + 2, environ);
}
static void *other_thread(void *w) { return (void *)(long)become(w); }
static int become_by_thread(char **w)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, other_thread, w) || pthread_join(thread, NULL) ? -1 : -1;
}
static int become_long(char **w) /* PROGRAM COUNT SIZE: so many arguments of so many bytes */
{
    int count = number(w[2]), size = number(w[3]);
    char **args = calloc((size_t)count + 2, sizeof *args), *one = malloc((size_t)size + 1);
    memset(one, 'x', (size_t)size);
    one[size] = 0;
    for (int i = 1; i <= count; i++)
        args[i] = one;
    args[0] = w[1];
    return execv(w[1], args);
}
static int leave(char **w) { exit(number(w[1])); }
static int die(char **w) { return kill(getpid(), number(w[1])); }
static int wait_a_little(char **w) { return usleep((useconds_t)number(w[1]) * 1000); }

/* `child COMMAND` runs a command in a child and waits; `orphan COMMAND` in a grandchild whose parent is gone. */
static int child(char *command)
{
    pid_t pid = fork();
    if (!pid) {
        run(command);
        exit(0);
    }
    return pid < 0 || waitpid(pid, NULL, 0) != pid ? -1 : 0;
}
static int orphan(char *command)
{
    int told[2];
    char byte;
    if (pipe(told))
        return -1;
    pid_t pid = fork();
    if (!pid) {
        pid_t parent = getpid();
        if (!fork()) {
            while (getppid() == parent)
                usleep(200);
            run(command);
            exit(0);
        }
        exit(0);
    }
    close(told[1]);
    return waitpid(pid, NULL, 0) != pid || read(told[0], &byte, 1) != 0 ? -1 : 0; /* end of file: the grandchild ended */
}

/* `refused COMMAND` counts on the command's failure. */
static int act(char *command);
static int refused(char *command) { return act(command) ? 0 : (errno = EEXIST, -1); }

static const struct { const char *name; int (*call)(char **words); } COMMANDS[] = {
    {"create", make}, {"create-at", make_at}, {"create-32bit", make_32}, {"create-io_uring", make_ring},
    {"open-or-create", open_or_make}, {"overwrite", overwrite}, {"empty", empty}, {"append", append}, {"read", look},
    {"copy-self", copy_itself}, {"mknod", node}, {"tmpfile-link", unnamed}, {"tmpfile-link-fd", unnamed_fd},
    {"unlink", take}, {"unlink-at", take_at}, {"unlink-32bit", remove_32}, {"rename", move}, {"rename-at", move_at},
    {"rename-noreplace", move_new}, {"rename-exchange", exchange}, {"link", hard_link}, {"symlink", soft_link},
    {"mkdir", directory}, {"mkdirs", directories}, {"rmdir", take_directory}, {"chmod", mode}, {"fchmod", mode_fd},
    {"chmod-at", mode_at}, {"truncate", cut}, {"ftruncate", cut_fd}, {"chdir", change}, {"chroot", change_root},
    {"setsid", session}, {"setuid", user}, {"exec", become}, {"exec-memfd", become_memory},
    {"exec-by-thread", become_by_thread}, {"exec-long", become_long}, {"exit", leave}, {"signal", die},
    {"sleep", wait_a_little},
};

/* %XX in a word is that byte. */
static char *decoded(char *word)
{
    char *to = word, hex[3] = {0};
    for (char *from = word; *from; from++)
        if (*from == '%' && from[1] && from[2]) {
            memcpy(hex, from + 1, 2);
            *to++ = (char)strtol(hex, NULL, 16);
            from += 2;
        } else
            *to++ = *from;
    *to = 0;
    return word;
}

static int act(char *command)
{
    command += strspn(command, " ");
    if (!*command)
        return 0;
    char *words[WORDS] = {0}, *rest;
    if (!strncmp(command, "child ", 6))
        return child(command + 6);
    if (!strncmp(command, "orphan ", 7))
        return orphan(command + 7);
    if (!strncmp(command, "refused ", 8))
        return refused(command + 8);
    words[0] = strtok_r(command, " ", &rest);
    for (int i = 1; words[i - 1] && i < WORDS - 1; i++)
        words[i] = strtok_r(NULL, " ", &rest);
    for (int i = 1; words[i]; i++)
        decoded(words[i]);
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (!strcmp(COMMANDS[i].name, words[0]))
            return COMMANDS[i].call(words);
    errno = ENOSYS;
    return -1;
}

static void run(char *command)
{
    char *shown = strdup(command);
    if (act(command)) {
        fprintf(stderr, "payload: %s: %s\n", shown, strerror(errno));
        exit(100);
    }
    free(shown);
}

int main(int argc, char **argv)
{
    static char script[1 << 16];
    char *rest;
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    if (argc > 1)
        return 0;
    size_t size = fread(script, 1, sizeof script - 1, stdin); /* whole, before any child could read on */
    script[size] = 0;
    for (char *line = strtok_r(script, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        run(line);
    return 0;
}
