// SPDX-License-Identifier: GPL-2.0-only
// The "simple allocator" ioctl as its 2017 proposal describes it, for testing its users.
#include <linux/cdev.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "interface.h"

#define MAX_REGIONS 16
#define DEFAULT_SIZE_MB 64

static unsigned int regions = 1;
module_param(regions, uint, 0444);
MODULE_PARM_DESC(regions, "number of nodes /dev/cmaN (1)");

static unsigned int size_mb[MAX_REGIONS];
module_param_array(size_mb, uint, NULL, 0444);
MODULE_PARM_DESC(size_mb, "MiB that each region gives out at once (64)");

static bool v1;
module_param(v1, bool, 0444);
MODULE_PARM_DESC(v1, "as the first version did, report the size as asked and take 4096 times that");

static struct sa_region all_regions[MAX_REGIONS];
static struct platform_device *platform;
static struct class *nodes;
static struct cdev cdev;
static struct dentry *debug;

static int sa_open(struct inode *inode, struct file *file)
{
	file->private_data = &all_regions[iminor(inode)];
	return nonseekable_open(inode, file);
}

/* Every failure but that of copying is EINVAL, which is what users have to cope with. */
static long sa_alloc(struct sa_region *region, struct simple_allocate_data __user *argument)
{
	struct simple_allocate_data data;
	struct dma_buf *dmabuf;
	int fd;

	if (copy_from_user(&data, argument, sizeof(data)))
		return -EFAULT;
	if (data.version != 0)
		return -EINVAL;
	dmabuf = sa_buffer_export(region, data.length, data.flags, v1);
	if (IS_ERR(dmabuf))
		return -EINVAL;
	fd = get_unused_fd_flags(data.flags);
	if (fd < 0) {
		dma_buf_put(dmabuf);
		return -EINVAL;
	}
	data.length = dmabuf->size;
	data.fd = fd;
	/* Installed last, since a descriptor that the caller never hears of would be lost. */
	if (copy_to_user(argument, &data, sizeof(data))) {
		put_unused_fd(fd);
		dma_buf_put(dmabuf);
		return -EFAULT;
	}
	fd_install(fd, dmabuf->file);
	return 0;
}

static long sa_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	if (command != SA_IOC_ALLOC)
		return -ENODEV;
	return sa_alloc(file->private_data, (struct simple_allocate_data __user *)argument);
}

/* No compat_ioctl, as proposed: a 32-bit process gets ENOTTY. */
static const struct file_operations sa_fops = {
	.owner = THIS_MODULE,
	.open = sa_open,
	.unlocked_ioctl = sa_ioctl,
};

static void remove_nodes(unsigned int count)
{
	while (count-- > 0)
		device_destroy(nodes, MKDEV(SA_MAJOR, count));
}

static int create_nodes(void)
{
	unsigned int minor;

	for (minor = 0; minor < regions; minor++) {
		struct device *node =
			device_create(nodes, NULL, MKDEV(SA_MAJOR, minor), NULL, "cma%u", minor);

		if (IS_ERR(node)) {
			remove_nodes(minor);
			return PTR_ERR(node);
		}
	}
	return 0;
}

static int prepare_regions(void)
{
	unsigned int i;
	int error;

	if (regions == 0 || regions > MAX_REGIONS)
		return -EINVAL;
	platform =
		platform_device_register_simple("simple_allocator", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(platform))
		return PTR_ERR(platform);
	error = dma_set_mask_and_coherent(&platform->dev, DMA_BIT_MASK(64));
	if (error) {
		platform_device_unregister(platform);
		return error;
	}
	for (i = 0; i < regions; i++) {
		all_regions[i].dev = &platform->dev;
		atomic64_set(&all_regions[i].left, (s64)(size_mb[i] ?: DEFAULT_SIZE_MB) << 20);
	}
	return 0;
}

static int __init sa_init(void)
{
	int error = prepare_regions();

	if (error)
		return error;
	nodes = class_create("simple_allocator");
	if (IS_ERR(nodes)) {
		error = PTR_ERR(nodes);
		goto no_class;
	}
	error = register_chrdev_region(MKDEV(SA_MAJOR, 0), regions, "simple_allocator");
	if (error)
		goto no_numbers;
	cdev_init(&cdev, &sa_fops);
	cdev.owner = THIS_MODULE;
	error = cdev_add(&cdev, MKDEV(SA_MAJOR, 0), regions);
	if (error)
		goto no_cdev;
	error = create_nodes();
	if (error)
		goto no_nodes;
	debug = debugfs_create_dir("simple_allocator", NULL);
	debugfs_create_atomic_t("buffers", 0444, debug, &sa_live_buffers);
	return 0;

no_nodes:
	cdev_del(&cdev);
no_cdev:
	unregister_chrdev_region(MKDEV(SA_MAJOR, 0), regions);
no_numbers:
	class_destroy(nodes);
no_class:
	platform_device_unregister(platform);
	return error;
}

/* Not reached while a buffer lives: each holds a reference to this module. */
static void __exit sa_exit(void)
{
	debugfs_remove(debug);
	remove_nodes(regions);
	cdev_del(&cdev);
	unregister_chrdev_region(MKDEV(SA_MAJOR, 0), regions);
	class_destroy(nodes);
	platform_device_unregister(platform);
}

module_init(sa_init);
module_exit(sa_exit);
MODULE_DESCRIPTION("Simple allocator of contiguous dma-bufs, a test driver");
MODULE_IMPORT_NS(DMA_BUF);
MODULE_LICENSE("GPL");
