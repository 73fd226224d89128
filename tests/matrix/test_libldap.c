/* SPDX-License-Identifier: MIT */
/*
 * libldap: searches in slapd's directory, which a proxy makes slow.
 */
#include <ldap.h>
#include "matrix/matrix.h"
#include "matrix/proxy.h"
#include "matrix/server.h"

#define PEOPLE 20
#define BASE "dc=gev,dc=test"

static struct server server;
static struct proxy proxy;

static const char config[] =
	"include /etc/ldap/schema/core.schema\n"
	"modulepath /usr/lib/ldap\n"
	"moduleload back_mdb\n"
	"pidfile %1$s/slapd.pid\n"
	"database mdb\n"
	"maxsize 10485760\n"
	"suffix \"" BASE "\"\n"
	"directory %1$s/db\n";

static void write_people(char *to, size_t size)
{
	int n = snprintf(to, size, "dn: " BASE "\nobjectClass: dcObject\n"
				   "objectClass: organization\n"
				   "o: gev\ndc: gev\n\n");

	for (int i = 0; i < PEOPLE; i++)
		n += snprintf(to + n, size - (size_t)n,
			"dn: cn=person%d," BASE "\nobjectClass: person\n"
			"cn: person%d\nsn: Number %d\n\n", i, i, i * i);
}

static const char *fill(void)
{
	static char people[PEOPLE * 128];
	const char *why;

	write_people(people, sizeof(people));
	why = server_file(&server, "people.ldif", "%s", people);
	if (!why)
		why = server_file(&server, "slapd.conf", config,
			server.directory);
	if (!why)
		why = server_run(&server, (const char *[]){ "mkdir", "db",
			NULL });
	if (!why)
		why = server_run(&server, (const char *[]){ "slapadd", "-f",
			"slapd.conf", "-l", "people.ldif", NULL });
	return why;
}

static const char *serve(void)
{
	const char *why = server_open(&server);
	char url[64];

	if (!why)
		why = fill();
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", server.port);
	if (!why)
		why = server_start(&server, (const char *[]){ "slapd", "-f",
			"slapd.conf", "-h", url, "-d", "0", NULL }, NULL);
	if (!why)
		why = proxy_start(&proxy, &server, 50, "nobody at all");
	return why;
}

static void stop(void)
{
	proxy_stop(&proxy);
	server_stop(&server);
}

static LDAP *bound(void)
{
	static const int version = LDAP_VERSION3;
	struct berval none = { 0, NULL };
	LDAP *ld = NULL;
	char url[64];

	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", proxy.port);
	t_eq(ldap_initialize(&ld, url), LDAP_SUCCESS);
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	t_eq(ldap_sasl_bind_s(ld, "", LDAP_SASL_SIMPLE, &none, NULL, NULL,
		     NULL), LDAP_SUCCESS);
	return ld;
}

static int search(LDAP *ld, const char *filter, LDAPMessage **found)
{
	int r;

	enter();
	r = ldap_search_ext_s(ld, BASE, LDAP_SCOPE_SUBTREE, filter, NULL, 0,
		NULL, NULL, NULL, 0, found);
	leave();
	return r;
}

static void look_up(int i, char *said)
{
	LDAPMessage *found = NULL, *entry;
	LDAP *ld = bound();
	struct berval **sn;
	char filter[64];

	snprintf(filter, sizeof(filter), "(cn=person%d)", i);
	t_eq(search(ld, filter, &found), LDAP_SUCCESS);
	t_eq(ldap_count_entries(ld, found), 1);
	entry = ldap_first_entry(ld, found);
	sn = ldap_get_values_len(ld, entry, "sn");
	if (t_ok(sn && sn[0]))
		snprintf(said, MATRIX_SAID, "%s", sn[0]->bv_val);
	ldap_value_free_len(sn);
	ldap_msgfree(found);
	ldap_unbind_ext_s(ld, NULL, NULL);
}

static void look_up_in_vain(int i, char *said)
{
	LDAPMessage *found = NULL;
	LDAP *ld = bound();

	(void)i;
	snprintf(said, MATRIX_SAID, "%s",
		ldap_err2string(search(ld, "(cn=nobody at all)", &found)));
	ldap_msgfree(found);
	ldap_unbind_ext_s(ld, NULL, NULL);
}

static const char *version(void)
{
	static char text[32];
	LDAPAPIInfo info = { .ldapai_info_version = LDAP_API_INFO_VERSION };

	if (ldap_get_option(NULL, LDAP_OPT_API_INFO, &info) < 0)
		return "?";
	snprintf(text, sizeof(text), "%d.%d.%d",
		info.ldapai_vendor_version / 10000,
		info.ldapai_vendor_version / 100 % 100,
		info.ldapai_vendor_version % 100);
	ldap_memfree(info.ldapai_vendor_name);
	ber_memvfree((void **)info.ldapai_extensions);
	return text;
}

int main(void)
{
	struct matrix row = { .library = "libldap",
		.version = version(),
		.calls = PEOPLE,
		.call = look_up,
		.stuck = look_up_in_vain,
		.at_timeout = "Can't contact LDAP server",
		.at_kill = "Can't contact LDAP server" };

	if (matrix_begin(serve))
		matrix_row(&row);
	return matrix_end(stop);
}
