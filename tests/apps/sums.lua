-- SPDX-License-Identifier: Apache-2.0
-- Tables, strings, patterns, files and floating point in Lua.
local limit = tonumber(arg[1])
local sieve, count = {}, 0
for i = 2, limit do
	if not sieve[i] then
		count = count + 1
		for j = i * i, limit, i do sieve[j] = true end
	end
end
print("primes below " .. limit .. ": " .. count)
local words = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do words[#words + 1] = word end
table.sort(words)
print(table.concat(words, ","), string.format("%.15g %5.2f %q", math.pi, math.sin(1), "a\nb"))
local file = assert(io.open("lua.out", "w"))
for i = 1, limit, 7 do file:write(i, " ", i * i, "\n") end
file:close()
local sum = 0
for a, b in io.lines("lua.out", "n", "n") do sum = sum + b - a end
print(sum, collectgarbage("count") > 0)
print(os.getenv("HUSK_TEST_VALUE"), os.rename("lua.out", "lua.end"), select(2, io.open("/nonexistent/x")))
os.exit(5)
