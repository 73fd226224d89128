/* SPDX-License-Identifier: MIT */
/* libcurl's own way to do many things at a time. */
#include "download.h"

static CURLM *multi;

static void begin(CURL *curl)
{
	if (download_take())
		curl_multi_add_handle(multi, curl);
	else
		curl_easy_cleanup(curl);
}

static void take_messages(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURL *curl = message->easy_handle;

		download_need(message->data.result);
		curl_multi_remove_handle(multi, curl);
		begin(curl);
	}
}

static void all(void)
{
	int running = 0;

	multi = curl_multi_init();
	for (int i = 0; i < AT_ONCE; i++)
		begin(download_new());
	do {
		curl_multi_perform(multi, &running);
		take_messages();
		if (running)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	} while (running || download_left > 0);
	curl_multi_cleanup(multi);
}

int main(int argc, char **argv)
{
	return download_bench(argc, argv, all);
}
