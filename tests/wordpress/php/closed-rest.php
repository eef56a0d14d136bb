<?php
// What plugins against "user enumeration" do on many Indonesian sites: REST is for those who have logged in.
add_filter('rest_authentication_errors', function ($given) {
    if (!get_option('netra_closed_rest') || is_user_logged_in()) {
        return $given;
    }
    return new WP_Error('rest_not_logged_in', 'Hanya untuk pengguna yang masuk.', ['status' => 401]);
});
