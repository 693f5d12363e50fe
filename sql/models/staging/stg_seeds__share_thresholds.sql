{{ one_row_of(
    'share_thresholds',
    ['min_coverage'],
    whole=['catalogue_window_days', 'claim_days_apart', 'hub_window_days', 'token_window_days']
) }}
