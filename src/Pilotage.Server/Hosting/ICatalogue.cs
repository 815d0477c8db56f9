using Microsoft.Data.Sqlite;

namespace Pilotage.Server.Hosting;

/// <summary>The one database of control state. A module touches only the tables of its own prefix.</summary>
public interface ICatalogue
{
    /// <summary>Reads on a connection of its own; sees what was committed before it began.</summary>
    T Read<T>(Func<SqliteConnection, T> work);

    /// <summary>Writes in one transaction; on disk when this returns, rolled back when <paramref name="work"/> throws.</summary>
    /// <remarks>Writers take turns and each pays one fsync: put what belongs together into one call.</remarks>
    T Write<T>(Func<SqliteConnection, SqliteTransaction, T> work);
}
