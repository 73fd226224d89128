/* SPDX-License-Identifier: MIT */
/*
 * libssh2: commands and files by SFTP, from sshd.  Only who can run as anybody
 * may log others in, and nobody has no shell: here sshd is who the test is.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <gev/io.h>
#include <libssh2.h>
#include <libssh2_sftp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "matrix/matrix.h"
#include "matrix/server.h"

#define SESSIONS 10

static struct server server = { .as_root = true, .path = "/usr/lib*/openssh" };

static const char config[] =
	"ListenAddress 127.0.0.1:%1$d\n"
	"HostKey %2$s/host\n"
	"AuthorizedKeysFile %2$s/user.pub\n"
	"PidFile none\n"
	"StrictModes no\n"
	"UsePAM no\n"
	"KexAlgorithms ecdh-sha2-nistp256\n"
	"PasswordAuthentication no\n"
	"PermitRootLogin prohibit-password\n"
	"MaxStartups 100\n"
	"Subsystem sftp sleep 0.1; exec %3$s\n";

struct path {
	char text[96];
};

static const struct passwd *me(void)
{
	return getpwuid(geteuid());
}

static struct path in(const char *name)
{
	struct path p;

	snprintf(p.text, sizeof(p.text), "%s/%s", server.directory, name);
	return p;
}

static const char *make_key(const char *name)
{
	return server_run(&server, (const char *[]){ "ssh-keygen", "-q", "-t",
		"ecdsa", "-m", "PEM", "-N", "", "-f", name, NULL });
}

static const char *fill(void)
{
	char name[16], sftp[128];
	const char *why = server_find(&server, "sftp-server", sftp,
		sizeof(sftp));

	if (!why)
		why = server_file(&server, "config", config, server.port,
			server.directory, sftp);
	if (!why)
		why = make_key("host");
	if (!why)
		why = make_key("user");
	for (int i = 0; !why && i < SESSIONS; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		why = server_file(&server, name, "This is file %d.\n", i);
	}
	if (!why && mkfifo(in("fifo").text, 0600) < 0)
		why = "no FIFO";
	return why;
}

static const char *serve(void)
{
	char program[128];
	const char *why = server_open(&server);

	if (!why && (!me() || strstr(me()->pw_shell, "nologin")))
		why = "who runs this may not log in";

	/* What its package makes at boot; whoever is not root needs none. */
	if (geteuid() == 0)
		mkdir("/run/sshd", 0755);
	if (!why)
		why = fill();
	if (!why)
		why = server_find(&server, "sshd", program, sizeof(program));
	if (!why)
		why = server_start(&server, (const char *[]){ program, "-D",
			"-e", "-f", in("config").text, NULL }, NULL);
	return why;
}

/* Who still waits for the FIFO to be opened, has it opened, and ends. */
static void stop(void)
{
	close(open(in("fifo").text, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
	server_stop(&server);
	libssh2_exit();
}

struct login {
	int fd;
	LIBSSH2_SESSION *session;
};

static struct login log_in(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)server.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct login l = { .fd = socket(AF_INET, SOCK_STREAM, 0),
		.session = libssh2_session_init() };

	t_eq(connect(l.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	t_eq(libssh2_session_handshake(l.session, l.fd), 0);
	t_eq(libssh2_userauth_publickey_fromfile(l.session,
		     me()->pw_name, in("user.pub").text, in("user").text, NULL),
		0);
	return l;
}

static void log_out(const struct login *l)
{
	libssh2_session_disconnect(l->session, "bye");
	libssh2_session_free(l->session);
	gev_close(l->fd);
}

/* And gives the connection up: else to clean up is to wait for its answer. */
static void complain(const struct login *l, char *said)
{
	char *text = NULL;

	libssh2_session_last_error(l->session, &text, NULL, 0);
	snprintf(said, MATRIX_SAID, "%s", text);
	shutdown(l->fd, SHUT_RDWR);
}

static void execute(const char *command, char *said)
{
	struct login l = log_in();
	LIBSSH2_CHANNEL *c = libssh2_channel_open_session(l.session);
	ssize_t n = -1;

	if (t_ok(c)) {
		t_eq(libssh2_channel_exec(c, command), 0);
		enter();
		n = libssh2_channel_read(c, said, MATRIX_SAID - 1);
		leave();
	}
	if (n < 0)
		complain(&l, said);
	libssh2_channel_free(c);
	log_out(&l);
}

static void say_late(int i, char *said)
{
	char command[64];

	snprintf(command, sizeof(command), "sleep 0.1; echo said %d", i);
	execute(command, said);
}

/* Ends with the connection. */
static void say_nothing(int i, char *said)
{
	(void)i;
	execute("cat", said);
}

static void read_file(const char *path, unsigned long flags, char *said)
{
	struct login l = log_in();
	LIBSSH2_SFTP_HANDLE *file;
	LIBSSH2_SFTP *sftp;
	ssize_t n = -1;

	enter();
	sftp = libssh2_sftp_init(l.session);
	file = sftp ? libssh2_sftp_open(sftp, path, flags, 0) : NULL;
	if (file)
		n = libssh2_sftp_read(file, said, MATRIX_SAID - 1);
	leave();
	if (n < 0)
		complain(&l, said);
	if (file)
		libssh2_sftp_close(file);
	if (sftp)
		libssh2_sftp_shutdown(sftp);
	log_out(&l);
}

static void fetch(int i, char *said)
{
	char name[16];

	snprintf(name, sizeof(name), "file%d", i);
	read_file(in(name).text, LIBSSH2_FXF_READ, said);
}

static void fetch_in_vain(int i, char *said)
{
	(void)i;
	read_file(in("fifo").text, LIBSSH2_FXF_READ, said);
}

int main(void)
{
	struct matrix commands = { .library = "libssh2",
		.version = libssh2_version(0),
		.calls = SESSIONS,
		.call = say_late,
		.stuck = say_nothing,
		.at_timeout = "waiting on socket",
		.at_kill = "waiting on socket" };
	struct matrix files = commands;

	files.library = "libssh2, SFTP";
	files.call = fetch;
	files.stuck = fetch_in_vain;
	libssh2_init(0);
	if (matrix_begin(serve)) {
		matrix_row(&commands);
		matrix_row(&files);
	}
	return matrix_end(stop);
}
