using System.Diagnostics;
using System.Net.Sockets;
using Pilotage.Core;
using Pilotage.Server.Package;
using Xunit;

namespace Pilotage.Tests.Server.Package;

/// <summary>Any folder may be named; only the files of a package are taken out of it.</summary>
public sealed class PackageFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-pkg-").FullName;

    public PackageFilesTests()
    {
        foreach (var (name, text) in SamplePackage.Texts())
        {
            Write(name, text);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Takes_what_a_package_knows_and_leaves_out_what_is_hidden()
    {
        Write("README.md", "what it is");
        Write("site.lyon.yaml", "bind: {}");
        Write(".env", "PASSWORD=1");
        Write(".git/config", "[core]");
        File.CreateSymbolicLink(At(".link"), "/etc/passwd");

        Assert.Equal([.. SamplePackage.Texts().Keys.Append("README.md").Append("site.lyon.yaml").Order(StringComparer.Ordinal)], PackageFiles.Read(_folder).Value.Keys);
        Assert.Equal(SamplePackage.Texts()["pipeline.sql"], System.Text.Encoding.UTF8.GetString(PackageFiles.Read(_folder).Value["pipeline.sql"].Span));
        Assert.True(PackageReader.ReadFolder(_folder).IsOk);
    }

    [Theory]
    [InlineData("admin.token")]
    [InlineData("keys/ca.key")]
    [InlineData("data.json")]
    [InlineData("secrets.yaml")]
    [InlineData("models/weights.onnx")]
    [InlineData("things/pump.json")]
    [InlineData("models\\rul.yaml")]
    public void Refuses_by_name_what_is_not_part_of_a_package(string name)
    {
        Write(name, "secret");

        var fault = TheFault(name);

        Assert.StartsWith("is not part of a package", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("move it out of the folder", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_site_file_of_another_name_is_taken_when_it_is_asked_for()
    {
        File.Move(At("site.yaml"), At("lyon.yaml"));

        Assert.True(PackageReader.ReadFolder(_folder, "lyon.yaml").IsOk);
        Assert.StartsWith("is not part of a package", TheFault("lyon.yaml").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("README.md", "/etc/passwd")]
    [InlineData("README.md", "/dev/zero")]
    [InlineData("README.md", "usecase.yaml")]
    [InlineData("README.md", "/nowhere")]
    [InlineData("docs", "/etc")]
    [InlineData("docs", ".")]
    public void Refuses_a_symbolic_link_by_name(string name, string to)
    {
        File.CreateSymbolicLink(At(name), to);

        Assert.StartsWith("is a symbolic link", TheFault(name).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_pipe_by_name_and_waits_for_nobody()
    {
        File.Delete(At("pipeline.sql"));
        using (var mkfifo = Process.Start("mkfifo", [At("pipeline.sql")]))
        {
            mkfifo.WaitForExit();
        }

        Assert.Equal("is a named pipe, not a file; move it out of the folder", TheFault("pipeline.sql").Message);
    }

    [Fact]
    public void Refuses_a_socket_by_name()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(At("README.md")));

        Assert.Equal("is a socket, not a file; move it out of the folder", TheFault("README.md").Message);
    }

    [Fact]
    public void Names_every_such_file_at_once()
    {
        Write("admin.token", "secret");
        File.CreateSymbolicLink(At("README.md"), "/etc/passwd");

        Assert.Equal(["README.md", "admin.token"], PackageFiles.Find(_folder).Refusal.Details.Select(d => d.Where).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Counts_files_before_it_reads_them()
    {
        var room = PackageReader.FilesMax - SamplePackage.Texts().Count;
        foreach (var i in Enumerable.Range(0, room))
        {
            Write($"docs/{i}.md", "");
        }

        Assert.True(PackageReader.ReadFolder(_folder).IsOk);
        Write("docs/one-more.md", "");

        var refusal = PackageFiles.Find(_folder).Refusal;
        Assert.Equal("package.too_large", refusal.Code);
        Assert.Contains($"{_folder} holds 65 files of ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_bytes_before_it_reads_them()
    {
        // Sparse: a terabyte that no reader could hold.
        using (var file = File.Create(At("README.md")))
        {
            file.SetLength(1L << 40);
        }

        var refusal = PackageReader.ReadFolder(_folder).Refusal;
        Assert.Equal("package.too_large", refusal.Code);
        Assert.Contains($"the largest README.md of {1L << 40}; a package has at most 64 files and 4194304 bytes", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gives_up_on_a_tree_without_end()
    {
        foreach (var i in Enumerable.Range(0, PackageFiles.EntriesMax))
        {
            Write($"{i}.log", "");
        }

        var refusal = PackageFiles.Find(_folder).Refusal;
        Assert.Equal("package.too_large", refusal.Code);
        Assert.Contains($"{_folder} holds more than {PackageFiles.EntriesMax} files and folders", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Goes_only_so_deep()
    {
        Write("1/2/3/4/deep.md", "");
        Assert.True(PackageFiles.Find(_folder).IsOk);

        Directory.CreateDirectory(At("1/2/3/4/5"));

        Assert.StartsWith("lies deeper than 4 folders", TheFault("1/2/3/4/5").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_cannot_write_to_the_terminal()
    {
        Write("a\u001b[2Jb", "");

        Assert.Equal("a?[2Jb", Assert.Single(PackageFiles.Find(_folder).Refusal.Details).Where);
    }

    /// <summary>The one fault of the folder, told for this name, before anything is read.</summary>
    private RefusalDetail TheFault(string name)
    {
        var refusal = PackageReader.ReadFolder(_folder).Refusal;
        Assert.Equal("package.invalid", refusal.Code);
        var fault = Assert.Single(refusal.Details);
        Assert.Equal(name, fault.Where);
        return fault;
    }

    private string At(string name) => Path.Combine(_folder, name);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }
}
