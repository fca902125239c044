//! The `daybook` program; everything it does is in [`api::cli`].

use std::process::ExitCode;

/// A rebuild takes 40 % of its time for memory with the allocator of glibc, and hands much of it from thread to thread; with this one
/// 4 of 10 seconds of a processor are left over. Only the program says so: who links the library chooses for himself.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    api::cli::run()
}
