import { ExportOutlined } from '@ant-design/icons'
import { Button, Descriptions } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { Id } from '../../kit/show'

type Instance = Schemas['InstanceView']

/** Opens what was bought, in a tab of its own; nothing while it cannot be used, or has no page. */
export function OpenApplication({ instance }: { instance: Instance }) {
  const { t } = useTranslation()
  if (instance.state !== 'running' || !instance.app.front_end_url) return null
  return (
    <Button
      type="primary"
      icon={<ExportOutlined />}
      href={instance.app.front_end_url}
      target="_blank"
      rel="noreferrer"
      className="open-application"
    >
      {t('instance.open')}
    </Button>
  )
}

/** Addresses and log-in data. */
export function Access({ app }: { app: Schemas['AppView'] }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  const link = (url?: string | null) =>
    url ? (
      <a href={url} target="_blank" rel="noreferrer" className="prose">
        {url}
      </a>
    ) : (
      '–'
    )
  return (
    <Descriptions
      column={1}
      size="small"
      items={[
        { key: 'f', label: t('instance.front_end'), children: link(app.front_end_url) },
        { key: 'a', label: t('instance.admin'), children: link(app.admin_url) },
        { key: 'u', label: t('instance.user'), children: app.user_name ?? '–' },
        {
          key: 'p',
          label: t('log_in.password'),
          children: app.password ? (
            shown ? (
              <Id of={app.password} />
            ) : (
              <Button size="small" onClick={() => setShown(true)}>
                {t('instance.show_password')}
              </Button>
            )
          ) : (
            '–'
          ),
        },
        { key: 'm', label: t('instance.memo'), children: app.memo ?? '–' },
      ]}
    />
  )
}
