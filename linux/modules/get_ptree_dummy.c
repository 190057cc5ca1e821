// SPDX-License-Identifier: GPL-2.0
/* Serves get_ptree() by logging its arguments: the first step on the way. */
#include <linux/module.h>
#include <linux/ptree.h>

static long dummy_get_ptree(struct prinfo __user *buf, int __user *nr,
			    pid_t root)
{
	pr_info("get_ptree_dummy: buf %#lx, nr %#lx, root %d\n",
		(unsigned long)buf, (unsigned long)nr, root);
	return 0;
}

static const struct ptree_provider dummy_provider = {
	.owner = THIS_MODULE,
	.get_ptree = dummy_get_ptree,
};

static int __init dummy_init(void)
{
	return ptree_register(&dummy_provider);
}

static void __exit dummy_exit(void)
{
	ptree_unregister(&dummy_provider);
}

module_init(dummy_init);
module_exit(dummy_exit);
MODULE_DESCRIPTION("get_ptree() that logs its arguments");
MODULE_LICENSE("GPL");
