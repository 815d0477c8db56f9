using System.Globalization;
using System.Text.Json;
using CsvHelper;
using Pilotage.Server.Fabric.Export;
using Pilotage.Streams;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>An answer on its way to bytes: what is written gathers until it is sent.</summary>
internal abstract class SqlForm : IQuerySink, IDisposable
{
    private QueryPlan? _plan;

    /// <summary>The media type.</summary>
    public abstract string Media { get; }

    /// <summary>Bytes that wait to be sent.</summary>
    public MemoryStream Bytes { get; } = new();

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    protected QueryPlan Plan => _plan!;

    public void Begin(QueryPlan plan)
    {
        _plan = plan;
        Head();
    }

    public void Row(QueryRow row)
    {
        Rows++;
        Write(row);
    }

    /// <summary>Forgets the rows, none of which was sent, because a question is asked again of more.</summary>
    public void Again()
    {
        Flush();
        Bytes.SetLength(0);
        Rows = 0;
        Head();
    }

    public abstract void End(long points, string? note);

    /// <summary>Has everything that was written stand in <see cref="Bytes"/>.</summary>
    public abstract void Flush();

    public virtual void Dispose() => Bytes.Dispose();

    protected abstract void Head();

    protected abstract void Write(QueryRow row);
}

/// <summary>A document with the columns first, then a list for each row, then how many there were: what ends without that is not whole.</summary>
internal sealed class SqlJson : SqlForm
{
    private Utf8JsonWriter _json;

    public SqlJson() => _json = new(Bytes);

    public override string Media => "application/json; charset=utf-8";

    public override void End(long points, string? note)
    {
        _json.WriteEndArray();
        _json.WriteNumber("rows"u8, Rows);
        _json.WriteNumber("pointsRead"u8, points);
        if (note is not null)
        {
            _json.WriteString("note"u8, note);
        }

        _json.WriteEndObject();
        _json.Flush();
    }

    public override void Flush() => _json.Flush();

    public override void Dispose()
    {
        _json.Dispose();
        base.Dispose();
    }

    protected override void Head()
    {
        _json.Dispose();
        Bytes.SetLength(0);
        _json = new(Bytes);
        _json.WriteStartObject();
        _json.WriteStartArray("columns"u8);
        foreach (var column in Plan.Columns)
        {
            _json.WriteStartObject();
            _json.WriteString("name"u8, column.Name);
            _json.WriteString("type"u8, SqlEndpoint.TypeOf(column.Kind));
            _json.WriteString("unit"u8, column.Unit);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteStartArray("items"u8);
    }

    protected override void Write(QueryRow row)
    {
        _json.WriteStartArray();
        for (var i = 0; i < Plan.Columns.Count; i++)
        {
            if (row.IsNull(i))
            {
                _json.WriteNullValue();
                continue;
            }

            switch (Plan.Columns[i].Kind)
            {
                case QueryKind.Truth:
                    _json.WriteBooleanValue(row.Number(i) != 0);
                    break;
                case QueryKind.Text:
                    _json.WriteStringValue(row.Text(i));
                    break;
                case QueryKind.Time:
                    _json.WriteStringValue(ExportTime.Rfc3339(row.TimeNs(i)));
                    break;
                case QueryKind.Device:
                    _json.WriteStringValue(row.Device.Value);
                    break;
                default:
                    _json.WriteNumberValue(row.Number(i));
                    break;
            }
        }

        _json.WriteEndArray();
    }
}

/// <summary>RFC 4180 with a header; a value that is not there is an empty cell.</summary>
internal sealed class SqlCsv : SqlForm
{
    private readonly CsvWriter _csv;

    public SqlCsv() => _csv = CsvWriter.Create(Bytes, new CsvWriterOptions(), leaveOpen: true);

    public override string Media => "text/csv; charset=utf-8; header=present";

    public override void End(long points, string? note) => Flush();

    public override void Flush() => _csv.Flush();

    public override void Dispose()
    {
        _csv.Dispose();
        base.Dispose();
    }

    protected override void Head()
    {
        foreach (var column in Plan.Columns)
        {
            _csv.WriteField(column.Name);
        }

        _csv.EndRecord();
    }

    protected override void Write(QueryRow row)
    {
        for (var i = 0; i < Plan.Columns.Count; i++)
        {
            _csv.WriteField(Cell(row, i));
        }

        _csv.EndRecord();
    }

    private string Cell(QueryRow row, int column) => row.IsNull(column) ? "" : Plan.Columns[column].Kind switch
    {
        QueryKind.Truth => row.Number(column) != 0 ? "true" : "false",
        QueryKind.Text => row.Text(column),
        QueryKind.Time => ExportTime.Rfc3339(row.TimeNs(column)),
        QueryKind.Device => row.Device.Value,
        _ => row.Number(column).ToString("R", CultureInfo.InvariantCulture),
    };
}
