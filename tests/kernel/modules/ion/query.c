// SPDX-License-Identifier: GPL-2.0-only
/* The ABI of Linux 4.12 to 5.10, which has no handles, and the list of heaps. */
#include <linux/minmax.h>
#include <linux/uaccess.h>

#include "ion.h"

long ion_query(struct ion_client *client, void __user *argument)
{
	struct heap_query query;
	struct heap_entry __user *out;
	u32 space, count;

	if (copy_from_user(&query, argument, sizeof(query)))
		return -EFAULT;
	if (query.reserved0 || query.reserved1 || query.reserved2)
		return -EINVAL;
	out = u64_to_user_ptr(query.heaps);
	space = query.cnt;
	query.cnt = ion_heap_count();
	if (query.heaps) {
		if ((int)space <= 0)
			return -EINVAL;
		query.cnt = min(space, query.cnt);
		for (count = 0; count < query.cnt; count++) {
			const struct ion_heap *heap = ion_heap_at(count);
			struct heap_entry entry = {
				.type = heap->type[client->abi],
				.heap_id = heap->id[client->abi],
			};

			strscpy(entry.name, heap->name, sizeof(entry.name));
			if (copy_to_user(out + count, &entry, sizeof(entry)))
				return -EFAULT;
		}
	}
	return copy_to_user(argument, &query, sizeof(query)) ? -EFAULT : 0;
}

static long allocate(struct ion_client *client, void __user *argument)
{
	struct modern_allocation request;
	struct ion_buffer *buffer;
	int fd;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	buffer = ion_allocate(client->abi, request.len, 0, request.heap_id_mask, request.flags);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	fd = ion_export(buffer);
	ion_buffer_put(buffer);
	if (fd < 0)
		return fd;
	request.fd = fd;
	return copy_to_user(argument, &request, sizeof(request)) ? -EFAULT : 0;
}

static long version(void __user *argument)
{
	return put_user(2, (__u32 __user *)argument);
}

long ion_modern_ioctl(struct ion_client *client, unsigned int command, void __user *argument)
{
	switch (command) {
	case MODERN_ALLOC:
		return allocate(client, argument);
	case HEAP_QUERY:
		return ion_query(client, argument);
	case ABI_VERSION:
		return client->abi == ABI_MODULAR ? version(argument) : -ENOTTY;
	default:
		return -ENOTTY;
	}
}
