using Microsoft.AspNetCore.Builder;
using Pilotage.Core.Durability;
using Pilotage.Server.Hosting;
using Pilotage.Testing;

namespace Pilotage.Tests.Server;

/// <summary>A server that is built but not started: all services and routes, no socket.</summary>
/// <remarks>
/// Hundreds are built in a run, so each starts with a catalogue that was migrated once, and none syncs: nobody cuts the power of one. That migrations work, and what
/// survives a power cut, is tested where that is the question.
/// </remarks>
internal sealed class TestServerFolder : IAsyncDisposable
{
    private static readonly Lazy<byte[]> Migrated = new(MigratedCatalogue);
    private static readonly Disk Disk = new() { Open = static path => new UnsyncedDirectory(new PosixDirectory(path)), SyncsCatalogue = false };
    private readonly DataFolder _folder;
    private readonly string _path = Directory.CreateTempSubdirectory("pilotage-server-").FullName;

    public TestServerFolder(TimeProvider? time = null)
    {
        File.WriteAllBytes(System.IO.Path.Combine(_path, Catalogue.FileName), Migrated.Value);
        _folder = DataFolder.Open(_path, Disk).Value;
        App = ServerHost.Build(_folder, new ServerOptions { DataFolder = _path, Tenant = "acme" }, time ?? TimeProvider.System).Value;
    }

    public WebApplication App { get; }

    public string Path => _path;

    public T Get<T>()
        where T : notnull => (T)App.Services.GetService(typeof(T))!;

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _folder.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    private static byte[] MigratedCatalogue()
    {
        var folder = Directory.CreateTempSubdirectory("pilotage-catalogue-").FullName;
        try
        {
            using (var catalogue = new Catalogue(folder, syncs: false))
            {
                _ = Migrations.Apply(catalogue, 0).Value;
                using var copy = catalogue.Freeze()[0];
                var bytes = new byte[copy.Length];
                _ = copy.Read(0, bytes);
                return bytes;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
