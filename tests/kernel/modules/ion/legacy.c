// SPDX-License-Identifier: GPL-2.0-only
/* The ABI up to Linux 4.11: buffers are handles of an open file, and are shared in a second step.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ion.h"

struct ion_handle {
	struct kref kref;
	int id;
	struct ion_client *client;
	struct ion_buffer *buffer;
};

/* Called with the client's lock held. */
static void destroy_handle(struct kref *kref)
{
	struct ion_handle *handle = container_of(kref, struct ion_handle, kref);

	idr_remove(&handle->client->handles, handle->id);
	ion_buffer_put(handle->buffer);
	kfree(handle);
	atomic_dec(&ion_live_handles);
}

/* A handle of `buffer`, whose reference it takes over, also when it fails. */
static int add_handle(struct ion_client *client, struct ion_buffer *buffer)
{
	struct ion_handle *handle;
	int id;

	/* A buffer has at most one handle in an open file. */
	idr_for_each_entry(&client->handles, handle, id)
	{
		if (handle->buffer == buffer) {
			kref_get(&handle->kref);
			ion_buffer_put(buffer);
			return id;
		}
	}
	handle = kzalloc(sizeof(*handle), GFP_KERNEL);
	if (!handle) {
		ion_buffer_put(buffer);
		return -ENOMEM;
	}
	/* From 1, so that 0 is no handle. */
	id = idr_alloc(&client->handles, handle, 1, 0, GFP_KERNEL);
	if (id < 0) {
		kfree(handle);
		ion_buffer_put(buffer);
		return id;
	}
	kref_init(&handle->kref);
	handle->id = id;
	handle->client = client;
	handle->buffer = buffer;
	atomic_inc(&ion_live_handles);
	return id;
}

static int put_handle(struct ion_client *client, int id)
{
	struct ion_handle *handle;

	mutex_lock(&client->lock);
	handle = idr_find(&client->handles, id);
	if (handle)
		kref_put(&handle->kref, destroy_handle);
	mutex_unlock(&client->lock);
	return handle ? 0 : -EINVAL;
}

static int new_handle(struct ion_client *client, struct ion_buffer *buffer)
{
	int id;

	mutex_lock(&client->lock);
	id = add_handle(client, buffer);
	mutex_unlock(&client->lock);
	return id;
}

static int allocate_handle(struct ion_client *client, const struct legacy_allocation *request)
{
	struct ion_buffer *buffer = ion_allocate(
		client->abi, request->len, request->align, request->heap_id_mask, request->flags);

	return IS_ERR(buffer) ? PTR_ERR(buffer) : new_handle(client, buffer);
}

static long allocate(struct ion_client *client, void __user *argument)
{
	struct legacy_allocation request;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	request.handle = allocate_handle(client, &request);
	if (request.handle < 0)
		return request.handle;
	if (copy_to_user(argument, &request, sizeof(request))) {
		put_handle(client, request.handle);
		return -EFAULT;
	}
	return 0;
}

static long allocate32(struct ion_client *client, void __user *argument)
{
	struct legacy_allocation32 request32;
	struct legacy_allocation request;

	if (copy_from_user(&request32, argument, sizeof(request32)))
		return -EFAULT;
	request = (struct legacy_allocation){
		.len = request32.len,
		.align = request32.align,
		.heap_id_mask = request32.heap_id_mask,
		.flags = request32.flags,
	};
	request32.handle = allocate_handle(client, &request);
	if (request32.handle < 0)
		return request32.handle;
	if (copy_to_user(argument, &request32, sizeof(request32))) {
		put_handle(client, request32.handle);
		return -EFAULT;
	}
	return 0;
}

static long free_handle(struct ion_client *client, void __user *argument)
{
	struct legacy_handle request;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	return put_handle(client, request.handle);
}

static int share_handle(struct ion_client *client, int id)
{
	struct ion_handle *handle;
	int fd = -EINVAL;

	mutex_lock(&client->lock);
	handle = idr_find(&client->handles, id);
	if (handle)
		fd = ion_export(handle->buffer);
	mutex_unlock(&client->lock);
	return fd;
}

static long share(struct ion_client *client, void __user *argument)
{
	struct legacy_fd request;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	request.fd = share_handle(client, request.handle);
	if (request.fd < 0)
		return request.fd;
	return copy_to_user(argument, &request, sizeof(request)) ? -EFAULT : 0;
}

static long import(struct ion_client *client, void __user *argument)
{
	struct ion_buffer *buffer;
	struct legacy_fd request;
	struct dma_buf *dmabuf;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	dmabuf = dma_buf_get(request.fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buffer = ion_buffer_of(dmabuf);
	if (buffer) {
		kref_get(&buffer->kref);
		request.handle = new_handle(client, buffer);
	} else {
		request.handle = -EINVAL;
	}
	dma_buf_put(dmabuf);
	if (request.handle < 0)
		return request.handle;
	if (copy_to_user(argument, &request, sizeof(request))) {
		put_handle(client, request.handle);
		return -EFAULT;
	}
	return 0;
}

static long sync(void __user *argument)
{
	struct ion_buffer *buffer;
	struct legacy_fd request;
	struct dma_buf *dmabuf;
	unsigned int i;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	dmabuf = dma_buf_get(request.fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	buffer = ion_buffer_of(dmabuf);
	for (i = 0; buffer && i < buffer->page_count; i++)
		dma_sync_single_for_device(ion_dma_device, page_to_phys(buffer->pages[i]),
			PAGE_SIZE, DMA_BIDIRECTIONAL);
	dma_buf_put(dmabuf);
	if (!buffer)
		return -EINVAL;
	atomic_inc(&ion_syncs);
	return 0;
}

long ion_legacy_ioctl(struct ion_client *client, unsigned int command, void __user *argument)
{
	switch (command) {
	case LEGACY_ALLOC:
		return allocate(client, argument);
	case LEGACY_ALLOC32:
		return allocate32(client, argument);
	case LEGACY_FREE:
		return free_handle(client, argument);
	case LEGACY_MAP:
	case LEGACY_SHARE:
		return share(client, argument);
	case LEGACY_IMPORT:
		return import(client, argument);
	case LEGACY_SYNC:
		return sync(argument);
	case HEAP_QUERY:
		return client->abi == ABI_LEGACY_QUERY ? ion_query(client, argument) : -ENOTTY;
	default:
		/* CUSTOM too: without a vendor's handler there is no such call. */
		return -ENOTTY;
	}
}

void ion_legacy_close(struct ion_client *client)
{
	struct ion_handle *handle;
	int id;

	mutex_lock(&client->lock);
	idr_for_each_entry(&client->handles, handle, id) destroy_handle(&handle->kref);
	mutex_unlock(&client->lock);
}
