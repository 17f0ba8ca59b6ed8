/** What a class of characters in a regular expression holds to split as Python's str.split() does; \s differs in five. */
export const WHITE_SPACE = "\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
