namespace Pilotage.Streams.Binding;

/// <summary>What a column or expression holds.</summary>
internal enum ColumnType
{
    Number,
    Boolean,
    Text,

    /// <summary>A time that is a value of the row, such as a window's end.</summary>
    Timestamp,

    /// <summary>The row's own event time; windows order by it.</summary>
    Rowtime,

    /// <summary>The device the row belongs to.</summary>
    Device,

    /// <summary>The literal NULL, which goes with any type.</summary>
    Null,
}
