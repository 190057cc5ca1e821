/* SPDX-License-Identifier: Apache-2.0 */
/* The first program, in C++: streams, exceptions (unwinding reads the program's own headers), static constructors. */
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

struct greeter {
	std::string text;

	greeter() : text("hello from C++")
	{
	}
};

static greeter first;

static int thrower(int n)
{
	if (n > 2)
		throw std::runtime_error("n is " + std::to_string(n));
	return n;
}

int main()
{
	std::map<std::string, int> count;

	std::cout << first.text << std::endl;
	for (const char *word : {"a", "b", "a"})
		count[word]++;
	for (const auto &[word, n] : count)
		std::cout << word << ' ' << n << '\n';
	try {
		thrower(3);
	} catch (const std::exception &e) {
		std::cout << "caught: " << e.what() << std::endl;
		return 3;
	}
	return 0;
}
