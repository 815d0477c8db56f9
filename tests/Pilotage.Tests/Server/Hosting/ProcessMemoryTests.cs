using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

public sealed class ProcessMemoryTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(0, 32)]
    [InlineData(256, 8)]
    [InlineData(1536, 32)]
    public void The_cache_of_the_store_is_a_share_of_the_memory_and_no_more_than_without_a_limit(int memoryMiB, int cacheMiB) =>
        Assert.Equal(cacheMiB * MiB, ProcessMemory.CacheBytesOf(new ServerOptions { DataFolder = "data", MemoryMiB = memoryMiB }));
}
