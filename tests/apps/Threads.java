// SPDX-License-Identifier: Apache-2.0
// Twenty threads that count together, a pool, and a child process.
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Threads {
	static int counted;
	static synchronized void count() { counted++; }

	public static void main(String[] args) throws Exception {
		AtomicLong sum = new AtomicLong();
		CyclicBarrier together = new CyclicBarrier(20);
		List<Thread> all = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			final int n = i;
			Thread t = new Thread(() -> {
				try {
					together.await();
				} catch (Exception e) {
					throw new RuntimeException(e);
				}
				for (int k = 0; k < 1000; k++) {
					sum.addAndGet(n);
					count();
				}
			});
			all.add(t);
			t.start();
		}
		for (Thread t : all)
			t.join();
		System.out.println(sum + " " + counted);
		ExecutorService pool = Executors.newFixedThreadPool(8);
		List<Future<Integer>> results = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			final int n = i;
			results.add(pool.submit(() -> n * n));
		}
		int squares = 0;
		for (Future<Integer> f : results)
			squares += f.get();
		pool.shutdown();
		System.out.println(squares + " " + pool.awaitTermination(10, TimeUnit.SECONDS));
		try {
			int[] none = null;
			System.out.println(none[0]);
		} catch (NullPointerException e) {
			System.out.println("a null pointer, found by a fault");
		}
		Process p = new ProcessBuilder("sh", "-c", "read x; echo $x $x; exit 3").start();
		p.getOutputStream().write("word\n".getBytes());
		p.getOutputStream().close();
		System.out.print(new String(p.getInputStream().readAllBytes()));
		System.out.println(p.waitFor());
	}
}
