<?php
// Of PHP's built-in server: files are served as they are, everything else is WordPress's, as mod_rewrite does it.
// Without it names with a dot in them, such as robots.txt and wp-sitemap.xml, would be 404. Each request is noted.
register_shutdown_function(function () {
    $note = [
        'status' => http_response_code(),
        'path' => $_SERVER['REQUEST_URI'],
        'agent' => $_SERVER['HTTP_USER_AGENT'] ?? '',
        'conditional' => isset($_SERVER['HTTP_IF_NONE_MATCH']) || isset($_SERVER['HTTP_IF_MODIFIED_SINCE']),
    ];
    file_put_contents(getenv('NETRA_WP_LOG'), json_encode($note) . "\n", FILE_APPEND | LOCK_EX);
});
$path = rawurldecode((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
if (is_file($_SERVER['DOCUMENT_ROOT'] . $path)) {
    return false;
}
unset($_SERVER['PATH_INFO']);
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
// WordPress asks where a file really lies, which is Debian's folder; its configuration lies in ours.
define('ABSPATH', $_SERVER['DOCUMENT_ROOT'] . '/');
require ABSPATH . 'index.php';
