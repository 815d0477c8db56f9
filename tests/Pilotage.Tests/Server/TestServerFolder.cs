using Microsoft.AspNetCore.Builder;
using Pilotage.Server.Hosting;

namespace Pilotage.Tests.Server;

/// <summary>A server that is built but not started: all services and routes, no socket.</summary>
internal sealed class TestServerFolder : IAsyncDisposable
{
    private readonly DataFolder _folder;
    private readonly string _path = Directory.CreateTempSubdirectory("pilotage-server-").FullName;

    public TestServerFolder(TimeProvider? time = null)
    {
        _folder = DataFolder.Open(_path).Value;
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
}
