// SPDX-License-Identifier: GPL-2.0
/*
 * Serves get_ptree(): a process and all below it, breadth first.
 *
 * All is seen in one hold of tasklist_lock, so that no process is there twice
 * and each one's parent is there before it. Nothing may sleep meanwhile: memory
 * is allocated before, and after a try that found it too small; the caller's
 * buffer is written afterwards.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/ptree.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#define TREE_START 128 /* processes that there is room for at first */

struct tree_node {
	struct task_struct *task; /* valid under tasklist_lock */
	struct prinfo info;
};

struct tree {
	struct tree_node *nodes; /* breadth first, hence the queue as well */
	int nr;
	int room;
};

static int tree_add(struct tree *tree, struct task_struct *task, int level)
{
	if (tree->nr == tree->room)
		return -EAGAIN;
	tree->nodes[tree->nr].task = task;
	tree->nodes[tree->nr].info.level = level;
	tree->nr++;
	return 0;
}

static int older_first(const void *a, const void *b)
{
	u64 x = ((const struct tree_node *)a)->task->start_time;
	u64 y = ((const struct tree_node *)b)->task->start_time;

	return x < y ? -1 : x > y;
}

/*
 * Children hang on the thread that created them, or on one that adopted them
 * when that one ended. Only if this puts a younger one before an older one they
 * have to be sorted; the others stay as they are even where the clock is coarse.
 */
static int tree_add_children(struct tree *tree, int parent)
{
	struct task_struct *process = tree->nodes[parent].task, *thread, *child;
	int level = tree->nodes[parent].info.level + 1;
	int first = tree->nr, err;
	bool sorted = true;
	u64 last = 0;

	for_each_thread(process, thread) {
		list_for_each_entry(child, &thread->children, sibling) {
			/* Reaped already, but not yet taken out. */
			if (child->exit_state == EXIT_DEAD)
				continue;
			err = tree_add(tree, child, level);
			if (err)
				return err;
			sorted &= last <= child->start_time;
			last = child->start_time;
		}
	}
	if (!sorted)
		sort(&tree->nodes[first], tree->nr - first,
		     sizeof(tree->nodes[0]), older_first, NULL);
	return 0;
}

static void tree_describe(struct prinfo *info, struct task_struct *task)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	unsigned int state = READ_ONCE(task->__state) | task->exit_state;

	info->parent_pid = task_tgid_nr_ns(task->real_parent, ns);
	info->pid = task_tgid_nr_ns(task, ns);
	info->state = state & TASK_REPORT;
	info->uid = from_kuid_munged(current_user_ns(), task_uid(task));
	get_task_comm(info->comm, task);
}

/*
 * The first @nr processes, and maybe some more: a parent's children are put in
 * order all at once.
 */
static int tree_take(struct tree *tree, pid_t root, int nr)
{
	struct task_struct *task;
	int err = -ESRCH, i;

	tree->nr = 0;
	read_lock(&tasklist_lock);
	task = pid_task(find_vpid(root), PIDTYPE_TGID);
	if (task)
		err = tree_add(tree, task, 0);
	for (i = 0; !err && i < tree->nr && tree->nr < nr; i++)
		err = tree_add_children(tree, i);
	tree->nr = min(tree->nr, nr);
	for (i = 0; !err && i < tree->nr; i++)
		tree_describe(&tree->nodes[i].info, tree->nodes[i].task);
	read_unlock(&tasklist_lock);
	return err;
}

static int tree_copy(const struct tree *tree, struct prinfo __user *buf,
		     int __user *nr)
{
	int i;

	for (i = 0; i < tree->nr; i++)
		if (copy_to_user(&buf[i], &tree->nodes[i].info, sizeof(*buf)))
			return -EFAULT;
	return put_user(tree->nr, nr);
}

static long tree_get_ptree(struct prinfo __user *buf, int __user *nr,
			   pid_t root)
{
	struct tree tree = { .room = TREE_START };
	int want, err;

	if (!buf || !nr)
		return -EINVAL;
	if (get_user(want, nr))
		return -EFAULT;
	if (want < 1)
		return -EINVAL;

	/* As much memory as there are processes, whatever the caller says. */
	for (;;) {
		tree.nodes = kvmalloc_array(tree.room, sizeof(*tree.nodes),
					    GFP_KERNEL_ACCOUNT);
		if (!tree.nodes)
			return -ENOMEM;
		err = tree_take(&tree, root, want);
		if (err != -EAGAIN)
			break;
		kvfree(tree.nodes);
		if (fatal_signal_pending(current))
			return -EINTR;
		tree.room *= 2;
	}
	if (!err)
		err = tree_copy(&tree, buf, nr);
	kvfree(tree.nodes);
	return err;
}

static const struct ptree_provider tree_provider = {
	.owner = THIS_MODULE,
	.get_ptree = tree_get_ptree,
};

static int __init tree_init(void)
{
	return ptree_register(&tree_provider);
}

static void __exit tree_exit(void)
{
	ptree_unregister(&tree_provider);
}

module_init(tree_init);
module_exit(tree_exit);
MODULE_DESCRIPTION("get_ptree(): a process and all below it");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(PTREE);
