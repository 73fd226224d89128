/* SPDX-License-Identifier: MIT */
/*
 * nginx, without TLS and with it, in front of a slow server.  Files in its
 * directory below file/ it serves itself.  It is nginx.test by its
 * certificate, which is its own authority.
 */
#ifndef TESTS_MATRIX_NGINX_H
#define TESTS_MATRIX_NGINX_H

#include <sys/stat.h>
#include "matrix/server.h"
#include "matrix/slow_http.h"

static struct {
	struct server server; /* port: without TLS */
	int tls_port;
	char certificate[96], key[96];
} nginx;

static inline const char *nginx_write_configuration(void)
{
	static const char text[] =
		"daemon off;\n"
		"master_process off;\n"
		"pid pid;\n"
		"error_log stderr;\n"
		"events { worker_connections 500; }\n"
		"http {\n"
		"  access_log off;\n"
		"  client_body_temp_path body; proxy_temp_path proxy;\n"
		"  fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n"
		"  ssl_certificate certificate; ssl_certificate_key key;\n"
		"  server {\n"
		"    listen 127.0.0.1:%d;\n"
		"    listen 127.0.0.1:%d ssl http2;\n"
		"    location / { proxy_pass http://127.0.0.1:%d; }\n"
		"    location /file/ { root .; }\n"
		"  }\n"
		"}\n";

	return server_file(&nginx.server, "nginx.conf", text,
		nginx.server.port, nginx.tls_port, slow.port);
}

static inline const char *nginx_make_certificate(void)
{
	return server_run(&nginx.server, (const char *[]){ "openssl", "req",
		"-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=nginx.test",
		"-addext", "subjectAltName=DNS:nginx.test", "-keyout", "key",
		"-out", "certificate", NULL });
}

/* Makes the directories, and finds the second port. */
static inline const char *nginx_prepare(void)
{
	const char *why = server_open(&nginx.server);
	const char *at = nginx.server.directory;
	char files[96];

	if (why)
		return why;
	snprintf(nginx.certificate, sizeof(nginx.certificate), "%s/certificate",
		at);
	snprintf(nginx.key, sizeof(nginx.key), "%s/key", at);
	snprintf(files, sizeof(files), "%s/file", at);
	nginx.tls_port = nginx.server.port + 1;
	while (server_accepts(nginx.tls_port))
		nginx.tls_port++;
	return mkdir(files, 0755) < 0 ? "no directory for files" : NULL;
}

static inline bool nginx_accepts(struct server *s)
{
	return server_accepts(s->port) && server_accepts(nginx.tls_port);
}

static inline const char *nginx_start(void)
{
	const char *why = slow_start();

	why = why ? why : nginx_prepare();
	why = why ? why : nginx_make_certificate();
	why = why ? why : nginx_write_configuration();
	return why ? why :
		     server_start(&nginx.server, (const char *[]){ "nginx",
			     "-p", ".", "-c", "nginx.conf", "-e", "stderr",
			     NULL }, nginx_accepts);
}

static inline void nginx_stop(void)
{
	server_stop(&nginx.server);
	slow_stop();
}

#endif
