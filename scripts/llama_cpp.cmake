# Included by CMake right after llama-cpp-python's own project() call. Its CMakeLists forces the cache entry
# LLAMA_BUILD_COMMON on; a plain variable of that name wins over it, so the command-line tools' helper library
# (arguments, HTTP client, chat parsers), which Python never loads, is not compiled.
set(LLAMA_BUILD_COMMON OFF)
