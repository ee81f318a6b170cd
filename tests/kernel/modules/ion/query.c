// SPDX-License-Identifier: GPL-2.0-only
/* The ABI of Linux 4.12 to 5.10, which has no handles, and the list of heaps. */
#include <linux/minmax.h>
#include <linux/uaccess.h>

#include "ion.h"

/* From the highest id down, as heaps are kept. */
static const struct ion_heap *next_heap(enum ion_abi abi, int *id)
{
	const struct ion_heap *heap = NULL;

	while (!heap && *id >= 0)
		heap = ion_heap_with_id(abi, (*id)--);
	return heap;
}

static u32 heap_count(enum ion_abi abi)
{
	u32 count = 0;
	int id = 31;

	while (next_heap(abi, &id))
		count++;
	return count;
}

static int copy_heaps(enum ion_abi abi, struct heap_entry __user *out, u32 count)
{
	int id = 31;

	for (; count > 0; count--, out++) {
		const struct ion_heap *heap = next_heap(abi, &id);
		struct heap_entry entry = {
			.type = heap->type[abi],
			.heap_id = heap->id[abi],
		};

		strscpy(entry.name, heap->name[abi], sizeof(entry.name));
		if (copy_to_user(out, &entry, sizeof(entry)))
			return -EFAULT;
	}
	return 0;
}

long ion_query(struct ion_client *client, void __user *argument)
{
	struct heap_query query;
	u32 space;

	if (copy_from_user(&query, argument, sizeof(query)))
		return -EFAULT;
	if (query.reserved0 || query.reserved1 || query.reserved2)
		return -EINVAL;
	space = query.cnt;
	query.cnt = heap_count(client->abi);
	if (query.heaps) {
		if ((int)space <= 0)
			return -EINVAL;
		query.cnt = min(space, query.cnt);
		if (copy_heaps(client->abi, u64_to_user_ptr(query.heaps), query.cnt))
			return -EFAULT;
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
