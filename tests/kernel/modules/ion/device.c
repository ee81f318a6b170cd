// SPDX-License-Identifier: GPL-2.0-only
/* /dev/ion: module parameters, open files, and which ABI answers. */
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "ion.h"

static const char *const abi_names[ABI_COUNT] = {"legacy", "legacy-query", "modern", "modular"};
static enum ion_abi current_abi = ABI_MODERN;

static int set_abi(const char *value, const struct kernel_param *parameter)
{
	int found = sysfs_match_string(abi_names, value);

	if (found < 0)
		return found;
	WRITE_ONCE(current_abi, found);
	return 0;
}

static int get_abi(char *text, const struct kernel_param *parameter)
{
	return sysfs_emit(text, "%s\n", abi_names[READ_ONCE(current_abi)]);
}

static const struct kernel_param_ops abi_ops = {.set = set_abi, .get = get_abi};
module_param_cb(abi, &abi_ops, NULL, 0644);
MODULE_PARM_DESC(abi, "legacy, legacy-query, modern or modular; counts for files opened later");

static unsigned int secure_id = 9;
module_param(secure_id, uint, 0444);
MODULE_PARM_DESC(secure_id, "id of the secure heap in the legacy ABIs");

static unsigned int vendor_id = 25;
module_param(vendor_id, uint, 0444);
MODULE_PARM_DESC(vendor_id, "id of the vendor's system heap in the legacy ABIs");

static char *cma_name = "reserved";
module_param(cma_name, charp, 0444);
MODULE_PARM_DESC(
	cma_name, "name of the kernel's CMA area, after which its heap is called since 4.12");

struct device *ion_dma_device;
atomic_t ion_live_handles = ATOMIC_INIT(0);
atomic_t ion_live_buffers = ATOMIC_INIT(0);
atomic_t ion_syncs = ATOMIC_INIT(0);

static struct platform_device *platform_device;
static struct dentry *counters;

static int ion_open(struct inode *inode, struct file *file)
{
	struct ion_client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return -ENOMEM;
	client->abi = READ_ONCE(current_abi);
	mutex_init(&client->lock);
	idr_init(&client->handles);
	file->private_data = client;
	return 0;
}

static int ion_close(struct inode *inode, struct file *file)
{
	struct ion_client *client = file->private_data;

	ion_legacy_close(client);
	idr_destroy(&client->handles);
	mutex_destroy(&client->lock);
	kfree(client);
	return 0;
}

static bool is_legacy(const struct ion_client *client)
{
	return client->abi == ABI_LEGACY || client->abi == ABI_LEGACY_QUERY;
}

/* Each ABI copies its argument into a union, and refuses what that can't hold. */
static bool is_too_long(const struct ion_client *client, unsigned int command)
{
	return _IOC_SIZE(command) > (is_legacy(client) ? sizeof(struct legacy_allocation)
						       : sizeof(struct modern_allocation));
}

static long ion_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct ion_client *client = file->private_data;
	void __user *user = (void __user *)argument;

	if (is_too_long(client, command))
		return -EINVAL;
	/* The 32-bit number is known to compat_ioctl alone. */
	if (command == LEGACY_ALLOC32)
		return -ENOTTY;
	return is_legacy(client) ? ion_legacy_ioctl(client, command, user)
				 : ion_modern_ioctl(client, command, user);
}

#ifdef CONFIG_COMPAT
static long ion_compat_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct ion_client *client = file->private_data;
	void __user *user = compat_ptr(argument);

	if (is_too_long(client, command))
		return -EINVAL;
	if (command == LEGACY_ALLOC)
		return -ENOTTY;
	return is_legacy(client) ? ion_legacy_ioctl(client, command, user)
				 : ion_modern_ioctl(client, command, user);
}
#endif

static const struct file_operations ion_file_ops = {
	.owner = THIS_MODULE,
	.open = ion_open,
	.release = ion_close,
	.unlocked_ioctl = ion_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = ion_compat_ioctl,
#endif
};

static struct miscdevice ion_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ion",
	.fops = &ion_file_ops,
};

static int __init ion_init(void)
{
	int error;

	/* CMA exports no symbol: the way to it is the DMA API on a device of one's own. */
	platform_device = platform_device_register_simple("ion", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(platform_device))
		return PTR_ERR(platform_device);
	ion_dma_device = &platform_device->dev;
	error = dma_coerce_mask_and_coherent(ion_dma_device, DMA_BIT_MASK(32));
	if (error)
		goto no_device;
	error = ion_buffers_init();
	if (error)
		goto no_device;
	error = ion_heaps_init(secure_id, vendor_id, cma_name);
	if (error)
		goto no_pool;
	error = misc_register(&ion_misc);
	if (error)
		goto no_heaps;
	counters = debugfs_create_dir("ion", NULL);
	debugfs_create_atomic_t("handles", 0444, counters, &ion_live_handles);
	debugfs_create_atomic_t("buffers", 0444, counters, &ion_live_buffers);
	debugfs_create_atomic_t("syncs", 0444, counters, &ion_syncs);
	return 0;

no_heaps:
	ion_heaps_exit();
no_pool:
	ion_buffers_exit();
no_device:
	platform_device_unregister(platform_device);
	return error;
}

static void __exit ion_exit(void)
{
	debugfs_remove_recursive(counters);
	misc_deregister(&ion_misc);
	ion_buffers_exit();
	ion_heaps_exit();
	platform_device_unregister(platform_device);
}

module_init(ion_init);
module_exit(ion_exit);
MODULE_DESCRIPTION("ION test driver");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(DMA_BUF);
