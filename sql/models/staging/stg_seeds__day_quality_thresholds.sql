{{ one_row_of(
    'day_quality_thresholds',
    [
        'catch_up_before_ratio', 'catch_up_max_days', 'catch_up_min_days', 'episode_gap_days',
        'frozen_30d_min_models', 'frozen_30d_share', 'frozen_big_downloads_30d', 'frozen_min_models',
        'frozen_share', 'high_ratio', 'hub_field_odd_share', 'low_beside_high_ratio', 'low_ratio',
        'median_min_days', 'owners_field_odd_share', 'pair_made_up_share', 'pair_max_days',
        'pair_min_days', 'pair_min_spreads', 'panel_max_difference', 'partial_rows_share',
        'rollback_recovered_share', 'rollback_share', 'short_30d_share'
    ],
    whole=[
        'hub_field_odd_models', 'median_window_days', 'owners_field_odd_models',
        'provisional_days', 'rollback_max_days'
    ]
) }}
